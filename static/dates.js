// Choosing a day or a month instead of typing it. The server draws the sheets (names, digits, days off); this script
// carries the focus over them, as WAI-ARIA's date picker dialog does. Typing needs none of it.
"use strict";

(() => {
  const { ascii } = fieldWords;
  const dialog = document.createElement("dialog");
  dialog.className = "picker";
  dialog.setAttribute("aria-labelledby", "picker-title");
  let field;

  const find = (selector) => dialog.querySelector(selector);
  const cells = () => [...dialog.querySelectorAll("[data-value]")];
  const written = (text) => ascii(text).match(/^\s*([0-9]{4})[-/.]?([0-9]{1,2})(?:[-/.]?([0-9]{1,2}))?\s*$/) ?? [];
  const inFull = (text) => written(text).slice(1).filter(Boolean).map((part) => part.padStart(2, "0")).join("/");

  // --- sheets -----------------------------------------------------------------------------------------------

  function addressFor(button) {
    const [, year, month] = written(field.value);
    if (!year) return button.dataset.picker;
    return `${button.dataset.picker}${year}/${button.dataset.picker.endsWith("months/") ? "" : `${Number(month)}/`}`;
  }

  async function lay(address) {
    const answer = await fetch(address).catch(() => null);
    if (!answer?.ok || answer.redirected) return false;
    dialog.innerHTML = await answer.text();
    const chosen = cells().find((cell) => ascii(cell.dataset.value) === inFull(field.value));
    chosen?.parentElement.setAttribute("aria-selected", "true");
    stand(chosen ?? cells().find((cell) => cell.ariaCurrent) ?? cells()[0]);
    return true;
  }

  async function open(button) {
    field = button.parentElement.querySelector("input");
    if (!(await lay(addressFor(button))) && !(await lay(button.dataset.picker))) {
      fieldWords.under(field, button.dataset.away);
      return field.focus();
    }
    dialog.showModal();
    find("[data-value][tabindex='0']").focus();
  }

  async function turn(move, choose) {
    const to = find(`[data-move=${move}]`)?.dataset.go;
    if (!to || !(await lay(to))) return;
    const cell = choose?.(cells());
    if (cell) stand(cell);
    (cell ?? find(`[data-move=${move}]`) ?? find("[data-value][tabindex='0']")).focus();
  }

  // --- the focus: one cell of the sheet takes part in the order of Tab ------------------------------------------

  function stand(cell) {
    cells().forEach((other) => { other.tabIndex = other === cell ? 0 : -1; });
  }

  function go(target) {
    const list = cells();
    if (target < 0) return turn("earlier", (before) => before[before.length + target]);
    if (target >= list.length) return turn("later", (after) => after[target - list.length]);
    stand(list[target]);
    list[target].focus();
  }

  function onKey(event) {
    const list = cells();
    const here = list.indexOf(document.activeElement);
    if (here < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const width = Number(find("[data-columns]").dataset.columns);
    const ahead = document.documentElement.dir === "rtl" ? -1 : 1;
    const column = list[here].parentElement.cellIndex;
    const last = list.length - 1;
    const to = {
      ArrowRight: here + ahead, ArrowLeft: here - ahead, ArrowDown: here + width, ArrowUp: here - width,
      Home: Math.max(0, here - column), End: Math.min(last, here + width - 1 - column),
    }[event.key];
    const page = { PageUp: "earlier", PageDown: "later" }[event.key];
    if (to === undefined && !page) return;
    event.preventDefault();
    if (page) turn((event.shiftKey ? "much-" : "") + page, (next) => next[Math.min(here, next.length - 1)]);
    else go(to);
  }

  // --- choosing ---------------------------------------------------------------------------------------------

  function choose(value) {
    dialog.close();
    fieldWords.write(field, value);
    field.focus();
  }

  dialog.addEventListener("keydown", onKey);
  dialog.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (event.target === dialog || button?.matches("[data-shut]")) dialog.close(); // beside the sheet, or «close»
    else if (button?.dataset.value) choose(button.dataset.value);
    else if (button?.dataset.move) turn(button.dataset.move);
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-picker]");
    if (button) open(button);
  });
  document.addEventListener("keydown", (event) => { // as a select opens
    const button = event.altKey && event.key === "ArrowDown" && event.target.closest(".with-picker")?.querySelector("[data-picker]");
    if (!button) return;
    event.preventDefault();
    open(button);
  });

  function setUp(root) {
    root.querySelectorAll("[data-picker]").forEach((button) => { button.hidden = false; });
  }

  document.body.append(dialog);
  setUp(document);
  document.addEventListener("htmx:load", (event) => setUp(event.target));
})();
