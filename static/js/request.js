// What a request of htmx looks like while it runs and when it fails. Nothing that was typed is lost by a failure:
// what has no place on the page is not put there.

document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  document.querySelector(".went-wrong")?.remove();
  (ctx.request.submitter ?? ctx.sourceElement).ariaBusy = "true";
});

document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  const button = ctx.request.submitter ?? ctx.sourceElement;
  button.ariaBusy = null;
  // A disabled button has lost the focus; it gets it back once it is enabled.
  setTimeout(() => {
    const lost = document.activeElement === document.body || document.activeElement === dialog;
    if (lost && button.isConnected) button.focus();
  });
});

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx, tasks } = event.detail;
  const part = tasks.find((task) => task.type === "main");
  if (!ctx.select || part?.fragment.childElementCount) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const page = new DOMParser().parseFromString(ctx.text, "text/html");
  warn(page.querySelector("#failure")?.textContent.trim() ??
    "Insighto answered with something unexpected. What you typed is still here: try again in a moment.");
});

document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
  if (ctx && !ctx.text) warn("Insighto did not answer. What you typed is still here: check the connection and try again.");
});
