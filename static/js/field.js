// Comforts of fields: a password that can be read, and how much of a text's room is used.

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-reveal]");
  if (!button) return;
  const input = document.getElementById(button.dataset.reveal);
  const shown = input.type === "password";
  input.type = shown ? "text" : "password";
  button.ariaPressed = String(shown);
});

document.addEventListener("submit", (event) => {
  // A shown password would be kept by the browser among ordinary texts.
  for (const button of event.target.querySelectorAll("[data-reveal]")) document.getElementById(button.dataset.reveal).type = "password";
}, true);

document.addEventListener("input", ({ target }) => {
  const hint = target.dataset.most && document.getElementById(target.id + "-hint");
  if (!hint) return;
  hint.dataset.words ??= hint.textContent;
  const used = [...target.value.trim().normalize("NFC")].length;
  hint.textContent = used ? `${hint.dataset.words} Now ${used}.` : hint.dataset.words;
  hint.classList.toggle("over", used > Number(target.dataset.most));
});
