// The tour of the first visit as a dialog; without this file its page shows the same.
"use strict";

const tour = document.querySelector("#tour");
const stops = [...tour.querySelectorAll(".tour-stops > li")];
const back = tour.querySelector("[data-back]");
const on = tour.querySelector("[data-on]");
let place = 0;

function showStop(number) {
  place = number;
  stops.forEach((stop, i) => { stop.hidden = i !== number; });
  back.hidden = number === 0;
  on.hidden = number === stops.length - 1;
  stops[number].focus();
}

document.querySelector("[data-tour]").addEventListener("click", (event) => {
  event.preventDefault();
  tour.showModal();
  showStop(0);
});
back.addEventListener("click", () => showStop(place - 1));
on.addEventListener("click", () => showStop(place + 1));
tour.querySelector("[data-later]").addEventListener("click", () => tour.close());
