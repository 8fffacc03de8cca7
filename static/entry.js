// What is typed, looked at while it is typed: grouped, checked, said in words beneath. The rules stand in
// pension_transfer/lib (fields.py, validation.py) and the server asks them again; the sentences come from there too.
"use strict";

const fieldWords = { // shared with dates.js and branches.js
  ascii: (text) => text.replace(/[۰-۹٠-٩]/g, (digit) => digit.charCodeAt(0) & 15),
  shown: (text) => document.documentElement.lang === "fa" ? text.replace(/[0-9]/g, (digit) => "۰۱۲۳۴۵۶۷۸۹"[digit]) : text,

  // A sentence under a field, heard with it; tone "wrong" marks the field, an empty sentence takes all back.
  under(field, sentence, tone = "") {
    const place = document.getElementById(`${field.id}_said`) || this.place(field);
    if (place.textContent !== sentence) place.textContent = sentence;
    place.className = `said-under ${tone}`;
    if (tone === "wrong") field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  },

  place(field) {
    const place = document.createElement("p");
    field.id ||= `typed-${document.querySelectorAll(".said-under").length}`;
    place.id = `${field.id}_said`;
    place.setAttribute("aria-live", "polite");
    field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") ?? ""} ${place.id}`.trim());
    (field.closest(".with-picker, .combobox") ?? field).after(place);
    return place;
  },

  // Writes as a person would: the form keeps it, other scripts see it.
  write(field, value) {
    field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  },
};

(() => {
  const { ascii, shown } = fieldWords;
  const plain = (text) => ascii(text).replace(/[\s\u200c-\u200f\u202a-\u202e\u2066-\u2069.\/_‐-―−-]/g, "");

  // --- rules ------------------------------------------------------------------------------------------------

  function nationalCodeFault(code) {
    if (!/^[0-9]{10}$/.test(code)) return "length";
    if (new Set(code).size === 1) return "repeated";
    const rest = [...code].slice(0, 9).reduce((sum, digit, at) => sum + digit * (10 - at), 0) % 11;
    return Number(code[9]) === (rest < 2 ? rest : 11 - rest) ? "" : "checksum";
  }

  function ibanFault(iban) {
    if (!/^IR[0-9]{24}$/.test(iban)) return "length";
    return BigInt(`${iban.slice(4)}1827${iban.slice(2, 4)}`) % 97n === 1n ? "" : "checksum";
  }

  const ibanOf = (text) => plain(text).toUpperCase().replace(/^(?=[0-9])/, "IR");

  // --- an amount in words, as the decree has it (lib/templatetags/persian.py `words`) ---------------------------

  const ONES = ("صفر یک دو سه چهار پنج شش هفت هشت نه ده یازده دوازده سیزده چهارده پانزده شانزده هفده هجده نوزده").split(" ");
  const TENS = "بیست سی چهل پنجاه شصت هفتاد هشتاد نود".split(" ");
  const HUNDREDS = "یکصد دویست سیصد چهارصد پانصد ششصد هفتصد هشتصد نهصد".split(" ");
  const SCALES = [[1e12, " تریلیون"], [1e9, " میلیارد"], [1e6, " میلیون"], [1e3, " هزار"]];

  function inWords(number) {
    for (const [scale, name] of SCALES) {
      if (number >= scale) return joined(inWords(Math.floor(number / scale)) + name, number % scale);
    }
    if (number >= 100) return joined(HUNDREDS[Math.floor(number / 100) - 1], number % 100);
    if (number >= 20) return joined(TENS[Math.floor(number / 10) - 2], number % 10);
    return ONES[number];
  }

  function joined(words, rest) {
    return rest ? `${words} و ${inWords(rest)}` : words;
  }

  // --- grouping; the caret stays after the character it stood after -------------------------------------------

  function regroup(field, written, counts) {
    if (written === field.value) return;
    const passed = [...field.value.slice(0, field.selectionStart)].filter((sign) => counts.test(ascii(sign))).length;
    const missing = [...written].filter((sign) => counts.test(ascii(sign))).length
      - [...field.value].filter((sign) => counts.test(ascii(sign))).length; // the IR put in front
    field.value = written;
    let at = 0;
    for (let left = passed + missing; left > 0 && at < written.length; at += 1) left -= counts.test(ascii(written[at]));
    field.setSelectionRange(at, at);
  }

  const separator = () => document.documentElement.lang === "fa" ? "٬" : ",";
  const amountOf = (text) => ascii(text).replace(/[\s,٬،.']/g, "");

  // --- what each kind of field does: after a key, and when it is left ------------------------------------------

  const sayings = (field) => JSON.parse(field.dataset.said);

  function judge(field, fault, right) {
    fieldWords.under(field, fault ? sayings(field)[fault] : right, fault ? "wrong" : "right");
  }

  const KINDS = {
    "national-code": {
      typed(field, isLeft) {
        const code = plain(field.value);
        if (code.length < 10 && !(isLeft && code)) return fieldWords.under(field, "");
        judge(field, nationalCodeFault(code), sayings(field).right);
      },
    },
    iban: {
      typed(field, isLeft) {
        const iban = ibanOf(field.value);
        if (/^[A-Z]{0,2}[0-9]{0,24}$/.test(iban)) regroup(field, shown(iban.replace(/(.{4})(?=.)/g, "$1 ")), /[A-Za-z0-9]/);
        if (iban.length < 26 && !(isLeft && iban)) return fieldWords.under(field, "");
        const said = sayings(field);
        judge(field, ibanFault(iban), said[iban.slice(4, 7)] ?? said.right);
      },
    },
    amount: {
      typed(field) {
        const digits = amountOf(field.value);
        if (!/^[0-9]{1,15}$/.test(digits)) return fieldWords.under(field, "");
        regroup(field, shown(digits.replace(/\B(?=([0-9]{3})+$)/g, separator())), /[0-9]/);
        fieldWords.under(field, document.documentElement.lang === "fa" ? `${inWords(Number(digits))} ریال` : "");
      },
    },
  };

  const kindOf = (target) => KINDS[target.dataset?.entry];
  const fieldsOf = (form) => [...form.querySelectorAll("[data-entry]")];

  document.addEventListener("input", (event) => {
    if (!event.isComposing) kindOf(event.target)?.typed(event.target, false);
  });
  document.addEventListener("focusout", (event) => {
    if (event.target.value !== event.target.defaultValue) kindOf(event.target)?.typed(event.target, true);
  });
  document.addEventListener("reset", (event) => // after it the fields hold what they came with
    setTimeout(() => fieldsOf(event.target).forEach((field) => fieldWords.under(field, ""))));
})();
