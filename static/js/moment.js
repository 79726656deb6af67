// Times as clocks here tell them; the whole of it, with the zone, is in the title.

const clock = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
const fullClock = new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeStyle: "long" });

function localTimes(root) {
  for (const time of root.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    time.title = fullClock.format(at);
    if (!("ago" in time.dataset)) time.textContent = clock.format(at);
  }
}

localTimes(document);
document.addEventListener("htmx:before:settle", (event) => localTimes(event.target));

// The server asks for days by this clock.
const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
if (timeZone) document.cookie = `zone=${timeZone}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
