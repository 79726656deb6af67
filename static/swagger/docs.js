"use strict";

// The page is whole without this file. It adds buttons that copy, and the part that tries the API out.

for (const button of document.querySelectorAll("[data-copy-code]")) {
  button.addEventListener("click", async () => {
    const code = document.getElementById(button.dataset.copyCode);
    const done = await copiedCode(code);
    document.querySelector("#said").textContent = done ? `${button.dataset.name} copied.` : "Copying failed. It is selected: press Ctrl+C.";
  });
}

// copiedCode puts a script on the clipboard, or selects it. On plain http there is no clipboard API.
async function copiedCode(code) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(code);
    try {
      return document.execCommand("copy");
    } catch {
      return false;
    }
  }
}

const trial = document.querySelector("#try");
const trialKey = document.querySelector("#try-key");

trial.addEventListener("toggle", async () => {
  if (!trial.open || trial.dataset.loaded) return;
  trial.dataset.loaded = "yes";
  const state = document.querySelector("#try-state");
  try {
    load("link", { rel: "stylesheet", href: trial.dataset.css });
    const [answer] = await Promise.all([fetch(trial.dataset.spec), load("script", { src: trial.dataset.script })]);
    show(await answer.json());
    state.hidden = true;
  } catch {
    delete trial.dataset.loaded;
    state.textContent = "Loading failed. Close this part and open it again.";
  }
});

function load(tag, attributes) {
  return new Promise((resolve, reject) => {
    const element = Object.assign(document.createElement(tag), attributes, { onload: resolve, onerror: reject });
    document.head.append(element);
  });
}

// show starts swagger-ui. The key never gets into its hands: requests get it when they leave, and what is shown of
// them is what they were before (showMutatedRequest).
function show(spec) {
  delete spec.components.securitySchemes;
  for (const path of Object.values(spec.paths)) {
    for (const operation of Object.values(path)) delete operation.security;
  }
  spec.servers = [{ url: location.origin }];
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
  dark.addEventListener("change", paint);
  paint();
  SwaggerUIBundle({
    spec,
    dom_id: "#swagger",
    layout: "BaseLayout",
    deepLinking: false,
    persistAuthorization: false,
    showMutatedRequest: false,
    validatorUrl: null,
    docExpansion: "list",
    defaultModelsExpandDepth: -1,
    tryItOutEnabled: true,
    syntaxHighlight: false,
    onComplete: () => document.querySelector("main#operations")?.setAttribute("role", "group"), // a page has one main
    requestInterceptor: (request) => {
      const address = new URL(request.url, location.origin);
      if (address.origin === location.origin && address.pathname.startsWith("/api/") && trialKey.value) {
        address.searchParams.set("api_key", trialKey.value.trim());
        request.url = address.href;
      }
      return request;
    },
    responseInterceptor: (response) => Object.assign(response, { url: response.url.replace(/([?&]api_key=)[^&]*/, "$1…") }),
  });
}

// The key is nowhere but in its field, and leaves with the page.
window.addEventListener("pagehide", () => { trialKey.value = ""; });
