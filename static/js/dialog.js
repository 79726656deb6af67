// Sheets in a dialog. A link brings one in; it closes when it is answered or left, and the focus goes back to where
// it came from, even when that row has been drawn anew.

let opener = ""; // the address of the link that brought the sheet

document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  if (ctx.target === dialog && !dialog.contains(ctx.sourceElement)) opener = ctx.sourceElement.getAttribute("href");
});

document.addEventListener("htmx:before:settle", ({ target }) => {
  if (target !== dialog) return;
  dialog.setAttribute("aria-labelledby", "sheet-title");
  if (!dialog.open) dialog.showModal();
});

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  if (!answered(ctx)) return;
  // The answer is the first page of the list; a later one is asked for again.
  if (ctx.target.dataset.page === "1") return;
  event.preventDefault();
  settled(ctx);
  refreshList();
});

document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  if (answered(ctx)) settled(ctx);
  if (ctx.target.hasAttribute?.("data-list") && !dialog.open) returnFocus();
});

function answered(ctx) {
  return ctx.target?.hasAttribute?.("data-list") && ctx.request.method === "POST";
}

function settled(ctx) {
  shut();
  say(ctx.sourceElement.dataset.done ?? "");
}

function refreshList() {
  document.querySelector("[data-list]")?.dispatchEvent(new Event("refresh"));
}

function returnFocus() {
  if (document.activeElement !== document.body) return;
  const links = [...document.querySelectorAll("[data-list] :is(tbody, ul) a")];
  const place = links.find((a) => a.getAttribute("href") === opener) ??
    links.find((a) => opener.startsWith(a.getAttribute("href") + "/")) ??
    document.querySelector("[data-list] a[href$='/new']");
  place?.focus();
}

// leave closes the dialog, or asks first while that would lose a key.
function leave() {
  if (unsaved()) askFirst();
  else shut();
}

// shut closes the dialog and empties it at once: the close event waits until the page is next drawn.
function shut() {
  dialog.close();
  empty();
}

function empty() {
  const made = dialog.querySelector("#secret");
  forgetSecret();
  dialog.replaceChildren();
  if (made) refreshList();
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-close]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (dialog?.open) {
    event.preventDefault();
    leave();
  } else if (unsaved()) {
    event.preventDefault();
    askFirst();
  }
});

if (dialog) {
  let pressed = null; // a text may be selected by dragging out of the sheet, which is no click on the backdrop
  dialog.addEventListener("pointerdown", (event) => { pressed = event.target; });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog && pressed === dialog && !typed()) leave();
  });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    leave();
  });
  dialog.addEventListener("close", () => {
    if (unsaved()) { // a browser may insist on closing
      dialog.showModal();
      askFirst();
      return;
    }
    if (!dialog.open) empty();
  });
}

// typed tells whether closing by a slip of the mouse would lose work.
function typed() {
  return [...dialog.querySelectorAll("input:not([readonly]), textarea:not([readonly]), select")].some((field) => field.value !== "");
}
