"use strict";

// Everything works without this file. It makes dialogs of the sheets, guards a new key, and tells times as clocks here do.

document.documentElement.dataset.scripted = "";

const dialog = document.querySelector("#dialog");

// say tells what has happened, politely.
function say(text) {
  document.querySelector("#said").textContent = text;
}

// warn tells what went wrong, at once, and where the person is looking.
function warn(text) {
  const place = dialog?.open ? dialog.querySelector("#sheet") : document.querySelector("#main");
  let p = place.querySelector(":scope > .went-wrong");
  if (!p) {
    p = document.createElement("p");
    p.className = "notice bad went-wrong";
    p.role = "alert";
    place.prepend(p);
  }
  p.textContent = text;
  p.scrollIntoView({ block: "nearest" });
}

// htmx answers the forms whose target is on the page: those of the dialog, and those that only ask. Every other form is
// the browser's, and is sent once.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const target = (form.closest("dialog") || form.method === "get") && form.getAttribute("hx-target");
  if (target && document.querySelector(target)) return;
  event.stopPropagation();
  if (form.ariaBusy) event.preventDefault();
  form.ariaBusy = "true";
  if (event.submitter) event.submitter.ariaBusy = "true";
}, true);

// A page that comes back from the browser's memory is ready for another try.
window.addEventListener("pageshow", () => {
  for (const busy of document.querySelectorAll("form, form button")) busy.ariaBusy = null;
});
