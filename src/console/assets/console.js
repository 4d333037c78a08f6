// What pages do beyond htmx: how old what is shown is, holding still, and marking what changed.
// Everything works without this file; then a page is as of its loading.
"use strict";

const find = (id) => document.getElementById(id);
const STALE_AFTER = 6000;
const AIMING = 3000;
let heard = Date.now();
let paused = false;
let aimedAt = 0;
let waiting = false;

// A key in the fragment, which no server and no log ever sees, signs in by itself.
const key = location.hash.slice(1);
if (key.startsWith("ohk_")) {
  history.replaceState(null, "", location.pathname + location.search);
  const field = find("key");
  if (field) {
    field.value = key;
    field.form.submit();
  }
}

const clock = (date) => date.toLocaleTimeString("en-GB");

function showAge() {
  const age = find("age");
  const live = find("live");
  if (!age || !live) return;
  const silent = Date.now() - heard;
  const stale = silent > STALE_AFTER;
  let text = "live";
  if (stale) text = `stale since ${clock(new Date(heard))}`;
  else if (paused) text = "paused";
  else if (waiting) text = "waits while you aim";
  age.classList.toggle("stale", stale);
  if (age.textContent !== text) age.textContent = text;
}

// The server gives a sign of life every two seconds.
document.addEventListener("htmx:sse:after:connection", () => { heard = Date.now(); showAge(); });
document.addEventListener("htmx:sse:before:message", () => { heard = Date.now(); showAge(); });
setInterval(() => { catchUp(); showAge(); }, 1000);

// Rows do not move under a pointer that is aiming at one, nor while somebody has paused.
const aims = () => Date.now() - aimedAt < AIMING;
document.addEventListener("htmx:before:request", (event) => {
  const target = event.target;
  if (!target.matches?.("[data-live]")) return;
  waiting = paused || aims();
  if (waiting) event.preventDefault();
  showAge();
});

function catchUp() {
  if (!waiting || paused || aims()) return;
  waiting = false;
  const live = find("live");
  for (const name of ["orders", "order"]) htmx.trigger(live, name);
}

// A page that moves under a pointer at rest sends moves of no length.
document.addEventListener("pointermove", (event) => {
  const moved = event.movementX !== 0 || event.movementY !== 0;
  if (moved && event.target.closest?.("#board tbody")) aimedAt = Date.now();
});

const pause = find("pause");
if (pause) {
  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.textContent = paused ? "Go on" : "Pause";
    waiting = waiting || paused;
    catchUp();
    showAge();
  });
}

// Changed rows get an outline and a word for a moment.
const versions = () => new Map([...document.querySelectorAll("tr[data-version]")].map((row) => [row.id, row.dataset.version]));
let before = versions();
document.addEventListener("htmx:after:swap", () => {
  const now = versions();
  for (const [id, version] of now) {
    if (before.get(id) === version) continue;
    const row = find(id);
    row.classList.remove("changed");
    void row.offsetWidth;
    row.classList.add("changed");
  }
  before = now;
});
