// Keys of a page: whatever says `aria-keyshortcuts` is pressed, opened or focused by them.
// Nothing here reads or writes content, and the page works without it.
"use strict";

const OFF = "vitrine-keys-off";
const STEP = "[data-step]";

const areOff = () => localStorage.getItem(OFF) === "yes";
const isTyping = (place) => place.closest("input, textarea, select") !== null;

function use(element) {
  if (element.matches("textarea, input")) {
    element.focus();
  } else if (element.matches("details")) {
    element.open = !element.open;
    if (element.open) element.querySelector("summary").focus();
  } else {
    element.click();
  }
}

// The next marked place after the focused one; on the last, the link to the next page that has one.
function step() {
  const places = [...document.querySelectorAll(STEP)];
  const next = places[places.indexOf(document.activeElement) + 1];
  const further = document.querySelector("[data-step-further]");
  if (next) next.focus();
  else if (further) further.click();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (areOff()) return;
  if (event.key === "f") {
    event.preventDefault();
    step();
    return;
  }
  for (const element of document.querySelectorAll("[aria-keyshortcuts]")) {
    if (element.getAttribute("aria-keyshortcuts").split(" ").includes(event.key)) {
      event.preventDefault();
      use(element);
      return;
    }
  }
}

// WCAG 2.1.4: keys of one letter can be turned off.
function offerSwitch() {
  const box = document.querySelector("#keys-on");
  box.checked = !areOff();
  box.closest("[hidden]").hidden = false;
  box.addEventListener("change", () => localStorage.setItem(OFF, box.checked ? "no" : "yes"));
}

document.addEventListener("keydown", onKey);
offerSwitch();
