// The search box as a combobox: arrows choose among what was found while typing, Enter opens it, Esc closes the list.
// Without this file, and until something is chosen, Enter sends the form and a page answers.
"use strict";

function setUpSearch(box) {
  const place = document.getElementById("search-found");
  const said = document.querySelector("[data-search-said]");
  const options = () => [...place.querySelectorAll("[role=option]")];
  const chosen = () => place.querySelector("[aria-selected=true]");
  const isOpen = () => !place.hidden;

  function choose(option) {
    chosen()?.setAttribute("aria-selected", "false");
    if (!option) return box.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    box.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function show(open) {
    place.hidden = !open;
    box.setAttribute("aria-expanded", String(open && options().length > 0));
    if (!open) choose(null);
  }

  function move(step) {
    const all = options();
    const next = all.indexOf(chosen()) + step;
    choose(all[next < -1 ? all.length - 1 : next]); // past either end: back in the box
  }

  function answer() {
    const found = place.querySelector("[data-found]");
    said.textContent = found?.dataset.said || found?.querySelector("[data-say]")?.textContent || "";
    choose(null);
    show(document.activeElement === box && Boolean(found?.childElementCount));
  }

  const keys = {
    ArrowDown: () => (isOpen() ? move(1) : show(options().length > 0)),
    ArrowUp: () => isOpen() && move(chosen() ? -1 : -2),
    Enter: () => isOpen() && chosen() && (chosen().click(), true),
    Escape: () => isOpen() && (show(false), true),
  };

  function onKey(event) {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey || !(event.key in keys)) return;
    if (keys[event.key]() !== false) keepKey(event);
  }

  function keepKey(event) {
    if (event.key !== "Enter" || chosen()) event.preventDefault();
  }

  box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-haspopup", "listbox");
  box.setAttribute("aria-controls", "search-options");
  show(false);
  box.addEventListener("keydown", onKey);
  box.addEventListener("focus", () => show(options().length > 0));
  box.form.addEventListener("focusout", (event) => { if (!box.form.contains(event.relatedTarget)) show(false); });
  box.addEventListener("input", () => choose(null));
  place.addEventListener("mousedown", (event) => { if (!event.target.closest("a")) event.preventDefault(); });
  document.addEventListener("htmx:afterSwap", (event) => { if (event.target === place) answer(); });
}

const searchBox = document.querySelector("[data-search]");
if (searchBox) setUpSearch(searchBox);
