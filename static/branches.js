// A branch found by typing part of its name, city or code: a list of matches under the field instead of the browser's
// own, which knows no folded letters. Nothing is taken by itself unless it is the only one that fits.
"use strict";

(() => {
  const { ascii } = fieldWords;
  const MOST = 12; // rows worth reading; the count says when there are more

  // As pension_transfer.lib.persian.fold does.
  const FOLDS = { ي: "ی", ى: "ی", ئ: "ی", ے: "ی", ك: "ک", ڪ: "ک", ة: "ه", ۀ: "ه", ہ: "ه", ە: "ه", ھ: "ه", أ: "ا", إ: "ا", ٱ: "ا", آ: "ا", ؤ: "و", ء: "", ـ: "" };
  const fold = (text) => ascii(text.normalize("NFKC")).replace(/./gu, (letter) => FOLDS[letter] ?? letter)
    .replace(/[\s()\u0654\u064b-\u065f\u0670\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\u00ad]/g, "").toLowerCase();

  class Combobox {
    constructor(field) {
      this.field = field;
      this.rows = [...document.getElementById(field.getAttribute("list")).options];
      field.removeAttribute("list");
      this.list = document.createElement("ul");
      Object.assign(this.list, { id: `${field.id}_list`, className: "combobox-list", hidden: true, role: "listbox" });
      this.list.setAttribute("aria-label", field.dataset.label);
      const box = document.createElement("span");
      box.className = "combobox";
      field.replaceWith(box);
      box.append(field, this.list);
      this.announceRole();
      this.listen();
    }

    announceRole() {
      const said = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id };
      Object.entries(said).forEach(([name, value]) => this.field.setAttribute(name, value));
    }

    listen() {
      this.field.addEventListener("input", () => this.open());
      this.field.addEventListener("click", () => this.field.value || this.open());
      this.field.addEventListener("keydown", (event) => this.onKey(event));
      this.field.addEventListener("blur", () => this.close());
      this.list.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays in the field
      this.list.addEventListener("click", (event) => this.take(event.target.closest("li")));
    }

    // --- which fit ------------------------------------------------------------------------------------------

    matches() {
      const typed = fold(this.field.value);
      if (!typed) return this.rows.filter((row) => "near" in row.dataset);
      if (/^[0-9]{5,10}$/.test(typed)) return this.rows.filter((row) => row.dataset.region.split(" ").includes(typed.slice(0, 2)));
      return this.rows.filter((row) => row.dataset.key.includes(typed));
    }

    open() {
      const found = this.matches();
      this.list.replaceChildren(...found.slice(0, MOST).map((row, at) => this.line(row, at)));
      this.list.hidden = !found.length;
      this.field.setAttribute("aria-expanded", String(!this.list.hidden));
      this.mark(found.length === 1 && this.field.value ? this.list.firstElementChild : null);
      fieldWords.under(this.field, this.field.value ? this.count(found.length) : "");
    }

    count(found) {
      const { label, found: hint, none } = this.field.dataset;
      return found ? `${label}: ${fieldWords.shown(String(found))}. ${hint}` : none;
    }

    line(row, at) {
      const line = document.createElement("li");
      Object.assign(line, { id: `${this.list.id}_${at}`, role: "option", textContent: row.value, ariaSelected: "false" });
      const place = document.createElement("span");
      Object.assign(place, { className: "under", textContent: row.dataset.place });
      line.dataset.value = row.value;
      line.append(place);
      return line;
    }

    // --- moving and taking ------------------------------------------------------------------------------------

    get marked() {
      return this.list.querySelector("[aria-selected=true]");
    }

    mark(line) {
      if (this.marked) this.marked.ariaSelected = "false";
      if (!line) return this.field.removeAttribute("aria-activedescendant");
      line.ariaSelected = "true";
      line.scrollIntoView({ block: "nearest" });
      this.field.setAttribute("aria-activedescendant", line.id);
    }

    step(by) {
      if (this.list.hidden) return this.open();
      const lines = [...this.list.children];
      const here = lines.indexOf(this.marked);
      this.mark(lines[here < 0 ? (by > 0 ? 0 : lines.length - 1) : (here + by + lines.length) % lines.length]);
    }

    take(line) {
      if (!line) return;
      fieldWords.write(this.field, line.dataset.value);
      fieldWords.under(this.field, "");
      this.close();
    }

    close() {
      this.list.hidden = true;
      this.field.setAttribute("aria-expanded", "false");
      this.mark(null);
    }

    onKey(event) {
      if (event.isComposing || event.ctrlKey || event.metaKey) return;
      const isOpen = !this.list.hidden;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step) this.step(isOpen || !event.altKey ? step : 0);
      else if (event.key === "Enter" && isOpen && this.marked) this.take(this.marked);
      else if (event.key === "Escape" && isOpen) this.close();
      else if (event.key === "Tab" && isOpen) return this.take(this.marked);
      else return;
      event.preventDefault();
    }
  }

  function setUp(root) {
    root.querySelectorAll("input[data-branches][list]").forEach((field) => new Combobox(field));
  }

  setUp(document);
  document.addEventListener("htmx:load", (event) => setUp(event.target));
})();
