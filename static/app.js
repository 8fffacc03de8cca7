// What makes the pages pleasant; every page works without it. No page depends on this file.
"use strict";

const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const typesText = (target) => target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
const typing = (target) => target.closest("input, textarea, select, [contenteditable]");

// --- keys -----------------------------------------------------------------------------------------------
// Read by place on the keyboard (event.code), so they work in the Persian layout too.

const SINGLE_KEYS = "single-keys-off";

function openKeys() {
  const dialog = one("#keys");
  if (dialog && !dialog.open) dialog.showModal();
}

// Where the focus stands in a row: what opens it, or else what ticks it.
const mark = (row) => one("a", row) || one(".pick [type=checkbox]", row);

function walk(step) {
  const rows = all("[data-rows] tbody tr, [data-rows] > li").filter(mark);
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[here < 0 ? (step > 0 ? 0 : rows.length - 1) : here + step];
  if (next) mark(next).focus();
}

function singleKey(event) {
  if (event.code === "Slash" && event.shiftKey) return openKeys();
  if (event.code === "Slash") return one("[data-search]")?.select();
  if (event.code === "KeyJ") return walk(1);
  if (event.code === "KeyK") return walk(-1);
  if (event.code === "KeyX") return tick();
  if (event.code === "KeyA") return tickAll();
  return pressNumber(event.code);
}

function tick() {
  const box = inRows(document.activeElement)?.querySelector(".pick [type=checkbox]");
  if (!box) return false;
  box.click();
}

function tickAll() {
  const head = one("[data-tick-all]");
  if (!head) return false;
  head.click();
}

function onTickAll(event) {
  const head = event.target.closest("[data-tick-all]");
  if (!head) return;
  all("tbody .pick [type=checkbox]", head.closest("table")).forEach((box) => { box.checked = head.checked; });
}

// The main buttons of a page have numbers. A link is followed; a button only takes the focus, and Enter presses it:
// nothing is sent by a key that was hit in passing.
const numbered = () =>
  all("[data-numbered] .button:not([aria-disabled])").filter((button) => button.checkVisibility()).slice(0, 9);

function showNumbers() {
  const digits = new Intl.NumberFormat(document.documentElement.lang);
  all("[data-number]").forEach((button) => {
    delete button.dataset.number;
    button.removeAttribute("aria-keyshortcuts");
  });
  if (localStorage.getItem(SINGLE_KEYS)) return;
  numbered().forEach((button, place) => {
    button.dataset.number = digits.format(place + 1);
    button.setAttribute("aria-keyshortcuts", place + 1);
  });
}

function pressNumber(code) {
  const found = /^(?:Digit|Numpad)([1-9])$/.exec(code);
  const button = found && numbered()[found[1] - 1];
  if (!button) return false;
  button.focus();
  if (button.tagName === "A") button.click();
}

function inRows(target) {
  return target.closest("[data-rows] tbody tr, [data-rows] > li");
}

function onKey(event) {
  if (event.ctrlKey && event.code === "Enter") return sendMain(event);
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented) return;
  if (["ArrowDown", "ArrowUp"].includes(event.code) && inRows(event.target) && !typing(event.target)) {
    event.preventDefault();
    return walk(event.code === "ArrowDown" ? 1 : -1);
  }
  if (typesText(event.target) || one("dialog[open]") || localStorage.getItem(SINGLE_KEYS)) return;
  if (singleKey(event) !== false) event.preventDefault();
}

function sendMain(event) {
  const form = event.target.closest("form[method=post]") || one("form[data-main]");
  if (!form) return;
  event.preventDefault();
  form.requestSubmit(one("button:not([type=button])", form));
}

function setUpKeys() {
  document.addEventListener("keydown", onKey);
  document.addEventListener("change", onTickAll);
  document.addEventListener("htmx:afterSettle", showNumbers);
  showNumbers();
  all("[data-keys]").forEach((link) =>
    link.addEventListener("click", (event) => { event.preventDefault(); openKeys(); }));
  one("[data-close]")?.addEventListener("click", (event) => { event.preventDefault(); one("#keys").close(); });
  const box = one("[data-single-keys]");
  if (!box) return;
  box.checked = !localStorage.getItem(SINGLE_KEYS);
  box.addEventListener("change", () => {
    if (box.checked) localStorage.removeItem(SINGLE_KEYS);
    else localStorage.setItem(SINGLE_KEYS, "1");
    showNumbers();
  });
}

// --- what was typed --------------------------------------------------------------------------------------
// Kept per person and form in this browser until it is stored: signing in again after the session ended, opening the
// page again after a power cut, or closing it by mistake bring it back. Signing out, or another person's signing in,
// drops it, and after three days it is forgotten. Only fields that were changed are kept, so nobody else's later change is typed over
// unseen. In a form that came back rejected, those changed before are changed still.

const PREFIX = "kept:";
const KEPT_FOR = 3 * 24 * 3600 * 1000; // milliseconds
const user = () => document.body.dataset.user;
const keyOf = (form) => `${PREFIX}${user()}:${form.dataset.keep}`;
const keepable = (field) => field.name && !["hidden", "password", "file", "submit", "button"].includes(field.type);

function changed(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.tagName === "SELECT") return [...field.options].some((option) => option.selected !== option.defaultSelected);
  return field.value !== field.defaultValue;
}

// Of a form, or of a part of one that is kept by itself (a row of the comparison).
const keepableIn = (place) => [...place.elements ?? all("input, select, textarea", place)].filter(keepable);

function typed(form) {
  const before = form.changedBefore ?? [];
  const fields = keepableIn(form).filter((field) => changed(field) || before.includes(field.id || field.name));
  return fields.map((field) => [field.id || field.name, field.type === "checkbox" || field.type === "radio" ? field.checked : field.value]);
}

function remember(form) {
  const fields = typed(form);
  if (fields.length) localStorage.setItem(keyOf(form), JSON.stringify({ fields, at: Date.now() }));
  else localStorage.removeItem(keyOf(form));
}

function putBack(form, fields) {
  const wanted = new Map(fields);
  const found = keepableIn(form).filter((field) => wanted.has(field.id || field.name));
  found.forEach((field) => {
    const value = wanted.get(field.id || field.name);
    if (typeof value === "boolean") field.checked = value;
    else field.value = value;
  });
  return found.length;
}

const WHEN = { month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", timeZone: "Asia/Tehran" };
const momentOf = (at) => new Intl.DateTimeFormat(`${document.documentElement.lang}-u-ca-persian`, WHEN).format(at);

function announce(form, at, drop) {
  const notice = one("#kept-notice")?.content.firstElementChild.cloneNode(true);
  if (!notice) return;
  one("time", notice).textContent = momentOf(at);
  one("button", notice).addEventListener("click", () => {
    localStorage.removeItem(keyOf(form));
    drop();
    notice.remove();
  });
  form.prepend(notice);
}

function restore(form, drop = () => form.reset()) {
  const kept = JSON.parse(localStorage.getItem(keyOf(form)) || "null");
  if (!kept) return;
  if ("rejected" in form.dataset) {
    form.changedBefore = kept.fields.map(([name]) => name);
    return remember(form);
  }
  if (putBack(form, kept.fields)) announce(form, kept.at, drop);
}

function keysOf(wanted) {
  return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX) && wanted(key));
}

// After a form was sent: a page without an outcome of its own means that it was stored.
function settle() {
  const sent = sessionStorage.getItem("sent");
  sessionStorage.removeItem("sent");
  if (!user()) return;
  const isOld = (key) => Date.now() - JSON.parse(localStorage.getItem(key)).at > KEPT_FOR;
  const drop = keysOf((key) => !key.startsWith(`${PREFIX}${user()}:`) || isOld(key));
  if (sent && !document.body.dataset.outcome && !one("form[data-rejected]")) drop.push(sent);
  drop.forEach((key) => localStorage.removeItem(key));
}

function setUpKeeping() {
  settle();
  all("form[data-keep]").forEach((form) => {
    restore(form);
    form.addEventListener("input", () => remember(form));
    form.addEventListener("submit", () => sessionStorage.setItem("sent", keyOf(form)));
  });
  all("form[data-forget]").forEach((form) =>
    form.addEventListener("submit", () => keysOf(() => true).forEach((key) => localStorage.removeItem(key))));
}

// --- leaving and sending ----------------------------------------------------------------------------------

let sending = false;

function warnBeforeLeaving(event) {
  if (!sending && all("[data-keep], form[data-main]").some((place) => typed(place).length)) event.preventDefault();
}

function guardSending(event) {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  sending = true;
  const sign = one("[data-sending]", form);
  if (sign && all("[type=file]", form).some((field) => field.files.length)) sign.hidden = false; // may take minutes
  else setTimeout(letGo, 8000); // an answer that is a download leaves the page standing
  event.submitter?.classList.add("is-busy");
}

function letGo() {
  sending = false;
  all("form[data-sent]").forEach((form) => delete form.dataset.sent);
  all("[data-sending]").forEach((sign) => { sign.hidden = true; });
  all(".is-busy").forEach((button) => button.classList.remove("is-busy"));
}

function setUpSending() {
  document.addEventListener("submit", guardSending);
  window.addEventListener("beforeunload", warnBeforeLeaving);
  window.addEventListener("pageshow", letGo);
  document.addEventListener("htmx:afterRequest", letGo);
}

// --- small things -------------------------------------------------------------------------------------------

function closeAccount(event) {
  all("details.account[open]").forEach((sheet) => { if (!sheet.contains(event.target)) sheet.open = false; });
}

function onEscape(event) {
  const sheet = event.key === "Escape" && one("details.account[open]");
  if (!sheet) return;
  sheet.open = false;
  one("summary", sheet).focus();
}

document.addEventListener("click", closeAccount);
document.addEventListener("keydown", onEscape);
setUpKeys();
setUpKeeping();
setUpSending();
const firstField = () => matchMedia("(pointer: fine)").matches && one("form[data-main] :is(input:not([type=hidden], [data-tick-all]), select, textarea)");

function setFocus() {
  const place = one("[data-focus], [autofocus]") || (!location.hash && firstField());
  if (place) place.focus();
  else if (all("main [role=search] [name=q], [data-search]").some((box) => box.defaultValue)) walk(1); // to the first one found
}

function openFolds() {
  all("details.fold:not([open])").forEach((fold) => { fold.open = true; fold.dataset.opened = ""; });
}

function closeFolds() {
  all("details.fold[data-opened]").forEach((fold) => { fold.open = false; delete fold.dataset.opened; });
}

function setUpPrinting() {
  all("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => print());
  });
}

setUpPrinting();
window.addEventListener("beforeprint", openFolds);
window.addEventListener("afterprint", closeFolds);
setFocus();
