// A new key, or the secret of a webhook. It is nowhere but in the fields of its sheet, leaves them by being copied or downloaded, and is gone
// when the sheet closes.

const kept = new WeakSet(); // the fields whose key has been copied or downloaded

function secretField() {
  return document.querySelector("#secret");
}

// unsaved tells whether a key is shown that closing would lose.
function unsaved() {
  const field = secretField();
  return Boolean(field?.value) && !kept.has(field);
}

function askFirst() {
  const panel = document.querySelector("#unsaved");
  panel.hidden = false;
  panel.scrollIntoView({ block: "nearest" });
  panel.querySelector("button").focus();
}

function keep(text) {
  kept.add(secretField());
  const panel = document.querySelector("#unsaved");
  if (panel.contains(document.activeElement)) document.querySelector("#sheet [data-close]").focus();
  panel.hidden = true;
  report(text, "good");
}

function report(text, kind) {
  const output = document.querySelector("#copied");
  output.className = `notice ${kind}`;
  output.textContent = text;
}

// wayOut is where the sheet's own link leads.
function wayOut() {
  return document.querySelector("#sheet [data-close]").href;
}

function forgetSecret() {
  for (const field of document.querySelectorAll("#secret, #curl, #env")) {
    field.value = "";
    field.removeAttribute("value");
    field.textContent = "";
  }
}

// copied puts a field's text on the clipboard and tells whether it got there. On plain http there is no clipboard API.
async function copied(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    const before = document.activeElement;
    field.focus();
    field.select();
    let done = false;
    try {
      done = document.execCommand("copy");
    } catch { /* told below */ }
    if (done) before.focus();
    return done;
  }
}

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  if (await copied(document.getElementById(button.dataset.copy))) {
    keep(button.dataset.copied);
  } else {
    report("Copying failed. Select it and press Ctrl+C.", "bad");
    secretField().focus();
    secretField().select();
  }
});

// A copy by hand counts when the key is in it.
document.addEventListener("copy", ({ target }) => {
  if (!target.matches?.("#secret, #curl, #env") || !unsaved()) return;
  const part = target.value.slice(target.selectionStart, target.selectionEnd);
  if (part.includes(secretField().value)) kept.add(secretField());
});

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-download]");
  if (!button) return;
  const text = document.getElementById(button.dataset.download).value.trimEnd() + "\n";
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = "insighto.env";
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
  keep("Downloading insighto.env.");
});

document.addEventListener("click", ({ target }) => {
  if (!target.closest("[data-discard]")) return;
  kept.add(secretField());
  if (dialog?.open) shut();
  else location.assign(wayOut());
});

document.addEventListener("focusin", ({ target }) => {
  if (target.id === "secret") target.select();
});
document.addEventListener("click", ({ target }) => {
  if (target.id === "secret" && target.selectionStart === target.selectionEnd) target.select();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing || !unsaved()) return;
  event.preventDefault(); // a second Esc would close a dialog without asking
  askFirst();
});

window.addEventListener("beforeunload", (event) => {
  if (unsaved()) event.preventDefault();
});
window.addEventListener("pagehide", forgetSecret);
window.addEventListener("pageshow", (event) => {
  if (event.persisted && secretField()) location.replace(wayOut());
});

if (secretField()) secretField().select();
