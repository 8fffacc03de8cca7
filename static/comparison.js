// The comparison by the keyboard, answered row by row, shared with colleagues. Without it every press is a form.
"use strict";

(() => {
  const form = document.getElementById("comparison");
  if (!form) return;

  const PAUSE = 5000; // milliseconds between two questions after colleagues' marks
  const find = (selector, root = form) => root.querySelector(selector);
  const list = (selector, root = form) => [...root.querySelectorAll(selector)];
  const rowOf = (element) => element?.closest?.("li.check");
  const keyIn = (row, name) => find(`[data-key=${name}]`, row);
  const isOpen = (row) => !row.dataset.seen && !row.classList.contains("is-sent") && keyIn(row, "match");
  let last = null; // the row that had the focus last
  let chain = Promise.resolve(); // presses are answered one after the other
  let waiting = 0;

  // --- saying ---------------------------------------------------------------------------------------------

  const say = (text) => { document.getElementById("said").textContent = text; };
  const tell = (text) => { document.getElementById("told").textContent = text; };

  // --- moving ---------------------------------------------------------------------------------------------

  function goTo(row) {
    if (!row) return document.getElementById("next-open")?.focus();
    (keyIn(row, "match") || row).focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }

  function here() {
    return rowOf(document.activeElement) || (last?.isConnected ? last : null);
  }

  function walkRows(step) {
    const rows = list("li.check");
    const from = rows.indexOf(here());
    const next = rows[from < 0 ? (step > 0 ? 0 : rows.length - 1) : from + step];
    if (next) goTo(next);
  }

  function nextOpen(after = here()) {
    const rows = list("li.check");
    const from = rows.indexOf(after) + 1;
    return [...rows.slice(from), ...rows.slice(0, from)].find((row) => row !== after && isOpen(row));
  }

  // --- pressing -------------------------------------------------------------------------------------------

  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  function bodyOf(button, fields) {
    const body = new URLSearchParams({ command_id: newId(), [button.name]: button.value });
    for (const name of ["csrfmiddlewaretoken", "content"]) body.set(name, find(`[name=${name}]`).value);
    fields.forEach((field) => body.set(field.name, field.value));
    return body;
  }

  // What a press judges: its row, or what is open of a group or a section.
  function judgedBy(button, row) {
    if (row) return [row];
    const head = button.closest(".mark-group");
    return list("li.check", head ? head.nextElementSibling : button.closest("section")).filter(isOpen);
  }

  // The focus goes on at once; what comes back refused calls it back.
  function press(button, row = rowOf(button), fields = []) {
    const rows = judgedBy(button, row);
    const unstored = !row && rows.find(isTypedIn);
    if (unstored) { tell(form.dataset.unstored); return firstField(find(".difference", unstored)).focus(); }
    const body = bodyOf(button, fields);
    rows.forEach((one) => one.classList.add("is-sent"));
    if (button.name !== "take_back") goTo(nextOpen(rows.at(-1) ?? here()));
    waiting += 1;
    chain = chain.then(() => send(body, rows)).finally(() => { waiting -= 1; });
  }

  async function asked(address, options = {}) {
    const answer = await fetch(address, { headers: { "HX-Request": "true" }, ...options });
    if (answer.status === 204) return { status: 204 };
    if (!answer.headers.get("Content-Type")?.includes("json")) throw new Error("no answer of this page");
    return { status: answer.status, ...await answer.json() };
  }

  async function send(body, rows) {
    let answer;
    try {
      answer = await asked(form.action, { method: "POST", body });
    } catch {
      answer = { status: 0, said: form.dataset.lost };
    }
    swap(answer.pieces);
    rows.forEach((row) => row.classList.remove("is-sent"));
    if (answer.status !== 200) return refused(answer, rows);
    rows.forEach(forget);
    tell("");
    say(answer.said);
    if (document.activeElement === document.body) goTo(document.getElementById(answer.next));
  }

  function refused(answer, [row]) {
    tell(answer.said);
    const now = row && document.getElementById(row.id);
    if (!now) return;
    keepRefused(now);
    goTo(now);
    (find("[aria-invalid=true]", now) || find(".difference :is(input:not([type=hidden]), select)", now))?.focus();
  }

  // --- swapping -------------------------------------------------------------------------------------------

  function made(html) {
    const holder = document.createElement("template");
    holder.innerHTML = html.trim();
    return holder.content.firstElementChild;
  }

  function isKept(place, fresh) {
    if (place.id !== "steps") return false;
    const typed = [...place.querySelectorAll("input:not([type=hidden]), textarea")].some((field) => field.value);
    return place.dataset.standing === fresh.dataset.standing || typed || place.contains(document.activeElement);
  }

  function swap(pieces = {}) {
    for (const [id, html] of Object.entries(pieces)) {
      const place = document.getElementById(id);
      const fresh = made(html);
      if (!place || isKept(place, fresh)) continue;
      const held = place.contains(document.activeElement) && document.activeElement;
      const wasLast = place === last;
      place.replaceWith(fresh);
      list(".difference", fresh).forEach(own);
      if (wasLast) last = fresh;
      if (held) focusAgain(fresh, held);
    }
  }

  function focusAgain(fresh, held) {
    const same = held.dataset.key ? keyIn(fresh, held.dataset.key) : held.id && document.getElementById(held.id);
    (same || keyIn(fresh, "match") || fresh).focus({ preventScroll: true });
  }

  // --- the form of a difference ---------------------------------------------------------------------------

  function openForm(button) {
    const row = rowOf(button);
    const open = find(".difference", row);
    if (open && find("[data-store]", open).name === button.name) return firstField(open).focus();
    open?.remove();
    const place = document.querySelector(`template[data-form=${button.name}]`).content.cloneNode(true).firstElementChild;
    row.append(place);
    fit(place, row, button);
    restore(place, () => closeForm(place));
    firstField(place).focus();
    row.scrollIntoView({ block: "nearest" });
  }

  const firstField = (place) => find("input:not([type=hidden]), select", place);

  function fit(place, row, button) {
    const path = pathIn(button.value);
    find("[name=of]", place).value = path;
    find("[data-store]", place).value = button.value;
    own(place);
    const said = button.getAttribute("aria-pressed") === "true" ? find(".mark-said", row)?.dataset ?? {} : {};
    if (path.endsWith(".count") && !said.code) fill(place, { code: "missing_in_data" });
    fill(place, said);
  }

  // Its fields get ids that no other row has, and its draft the name of what would be judged.
  function own(place) {
    for (const name of ["id", "for", "aria-describedby"]) {
      list(`[${name}]`, place).forEach((element) =>
        element.setAttribute(name, element.getAttribute(name).replaceAll("judge_", `judge_${rowOf(place).id}_`)));
    }
    place.removeAttribute("id");
    const { name, value } = find("[data-store]", place);
    place.dataset.keep = `${DRAFTS}${name} ${value}`;
  }

  function fill(place, said) {
    for (const [name, value] of Object.entries(said)) {
      const field = find(`[name=${name}]`, place);
      if (field) asItCame(field, value);
    }
  }

  function asItCame(field, value) {
    field.value = value;
    if (field.options) [...field.options].forEach((option) => { option.defaultSelected = option.selected; });
    else field.defaultValue = value;
  }

  function closeForm(place) {
    const row = rowOf(place);
    localStorage.removeItem(keyOf(place));
    place.remove();
    say(form.dataset.closed);
    goTo(row);
  }

  function store(place) {
    const fields = list("input[name], select[name], textarea[name]", place);
    press(find("[data-store]", place), rowOf(place), fields);
  }

  // --- drafts: kept like what is typed in any form (app.js), until the row is judged ------------------------

  const DRAFTS = `${form.getAttribute("action")} `;
  const pathIn = (text) => text.slice(text.indexOf("|") + 1);
  const pathOf = (row) => pathIn(keyIn(row, "match")?.value ?? "");
  const drafts = () => keysOf((key) => key.startsWith(`${PREFIX}${user()}:${DRAFTS}`));
  const isTypedIn = (row) => list(".difference", row).some((place) => typed(place).length);

  function forget(row) {
    drafts().filter((key) => pathIn(key) === pathOf(row)).forEach((key) => localStorage.removeItem(key));
  }

  // What came back refused holds what was typed as if it had stood there before.
  function keepRefused(row) {
    const place = find(".difference", row);
    if (!place) return;
    forget(row);
    place.changedBefore = keepableIn(place).filter((field) => field.value).map((field) => field.id);
    remember(place);
  }

  // The mark that was seen stands in the draft's name: one of a row that was judged since is not offered again.
  function bringBack() {
    const rows = new Map(list("li.check").map((row) => [pathOf(row), row]));
    for (const key of drafts()) {
      const row = rows.get(pathIn(key));
      const button = row && list("[data-key]", row).find(({ name, value }) => key.endsWith(`${DRAFTS}${name} ${value}`));
      if (button) openForm(button);
      else if (row) localStorage.removeItem(key);
    }
  }

  function rememberRow(event) {
    const place = event.target.closest(".difference");
    if (place) remember(place);
  }

  // --- hands ----------------------------------------------------------------------------------------------

  function onClick(event) {
    const link = event.target.closest("[data-next]");
    if (link) { event.preventDefault(); return goTo(nextOpen()); }
    if (!form.contains(event.target)) return;
    const place = event.target.closest(".difference");
    if (event.target.closest("[data-close-form]")) { event.preventDefault(); return closeForm(place); }
    const button = event.target.closest("button[name]");
    if (!button) return;
    event.preventDefault();
    if (button.dataset.store !== undefined) return store(place);
    if (["differs", "not_in_paper"].includes(button.dataset.key)) return openForm(button);
    press(button);
  }

  function wholeOf(row) {
    const list = row.closest("ul.marks");
    const head = list.previousElementSibling;
    if (head.matches(".mark-group")) return find("button", head);
    return list.parentElement.querySelectorAll("ul.marks").length === 1 ? wholeSection(row) : keyIn(row, "match");
  }

  const wholeSection = (row) => find(".card-head button", row.closest("section"));
  const isPressed = (row, name) => keyIn(row, name)?.getAttribute("aria-pressed") === "true";

  const KEYS = {
    KeyJ: () => walkRows(1),
    KeyK: () => walkRows(-1),
    KeyO: () => goTo(nextOpen()),
    KeyM: (row) => (isPressed(row, "match") ? goTo(nextOpen(row)) : press(keyIn(row, "match"))),
    KeyD: (row) => openForm(keyIn(row, "differs")),
    KeyN: (row) => openForm(keyIn(row, "not_in_paper")),
    KeyU: (row) => row.dataset.seen && press({ name: "take_back", value: keyIn(row, "match").value }, row),
    KeyG: (row) => press(wholeOf(row)),
    KeyS: (row) => press(wholeSection(row)),
  };
  const MOVES = ["KeyJ", "KeyK", "KeyO"];
  const isTyping = (target) => target.closest("input, textarea, select, [contenteditable]");

  function onKey(event) {
    if (inForm(event) || arrow(event) || single(event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  function inForm(event) {
    const place = event.target.closest(".difference");
    if (place && event.key === "Escape") { closeForm(place); return true; }
    if (place && event.ctrlKey && event.code === "Enter") { store(place); return true; }
    return event.ctrlKey && event.code === "Enter" && form.contains(event.target);
  }

  function arrow(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target) || !rowOf(event.target)) return false;
    if (!["ArrowDown", "ArrowUp"].includes(event.code)) return false;
    walkRows(event.code === "ArrowDown" ? 1 : -1);
    return true;
  }

  function single(event) {
    const key = KEYS[event.code];
    if (!key || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || event.isComposing) return false;
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return false;
    if (localStorage.getItem("single-keys-off")) return false;
    const row = here();
    if (MOVES.includes(event.code)) key();
    else if (row && keyIn(row, "match")) key(row);
    else goTo(nextOpen());
    return true;
  }

  // --- colleagues -----------------------------------------------------------------------------------------

  function changedRows(seen) {
    return seen.flatMap((mark, index) => {
      const row = document.getElementById(`f${index + 1}`);
      const isMine = !row || row.classList.contains("is-sent") || find(".difference", row);
      return isMine || row.dataset.seen === mark ? [] : [index + 1];
    });
  }

  async function hear() {
    if (document.visibilityState !== "visible" || waiting) return;
    const progress = document.getElementById("progress");
    const stamp = progress.dataset.stamp;
    const heard = await asked(`${form.dataset.marks}?${new URLSearchParams({ stamp })}`);
    if (heard.status === 204 || waiting) return;
    if (heard.content !== find("[name=content]").value) return tell(form.dataset.changed);
    const rows = changedRows(heard.seen);
    if (!rows.length) { progress.dataset.stamp = heard.stamp; return; }
    const fresh = await asked(`${form.dataset.marks}?rows=${rows.join(",")}`);
    if (waiting) return;
    swap(fresh.pieces);
    rows.forEach((number) => document.getElementById(`f${number}`)?.classList.add("is-news"));
  }

  const toHash = () => /^#f\d+$/.test(location.hash) && goTo(find(location.hash));

  document.addEventListener("keydown", onKey, true);
  document.addEventListener("click", onClick);
  form.addEventListener("focusin", (event) => { last = rowOf(event.target) || last; });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", rememberRow);
  document.addEventListener("DOMContentLoaded", bringBack); // app.js is there by then
  window.addEventListener("hashchange", toHash);
  list(".difference").forEach(own);
  setInterval(() => hear().catch(() => {}), PAUSE); // a question lost is asked again
  toHash();
})();
