"use strict";
// Shows pairs and sends choices. A choice is sent until the server says that it is stored; only then comes the next pair.

const KEY = "study-assessor";
const RETRY = [1000, 2000, 5000, 10000];
const GLANCE = 300; // Milliseconds: what comes sooner, as of a double click, was not meant for this pair.
const element = (id) => document.getElementById(id);
const sides = ["left", "right"];
let assessor = null;
let task = null; // The pair on the screen, once both pictures are there; null while an answer is on its way.
let since = 0; // When it appeared.

// Where storage is forbidden the study works all the same; it just cannot go on after the page is closed.
function remembered() {
  try { return localStorage.getItem(KEY); } catch { return null; }
}
function remember(token) {
  assessor = token;
  try { token ? localStorage.setItem(KEY, token) : localStorage.removeItem(KEY); } catch { /* see above */ }
}

function show(name) {
  for (const id of ["welcome", "compare", "end"]) element(id).hidden = id !== name;
}
function say(text) {
  element("message").textContent = text;
  element("message").hidden = !text;
}
const pause = (time) => new Promise((done) => setTimeout(done, time));

// Repeats a request until the study answers: {state}, or {refusal, error}. What a web server on the way answers, such as
// 429, is none. Asking twice is harmless: the server knows an answer that it has.
async function request(address, body) {
  for (let attempt = 0; ; attempt++) {
    try {
      const reply = await fetch(address, body && {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
      });
      const refusal = reply.headers.get("Study-Refusal"), content = await reply.json();
      if (refusal || "task" in content) {
        say("");
        return refusal ? { refusal, error: content.error } : { state: content };
      }
    } catch { /* no connection, or another server's page */ }
    say("The server cannot be reached. Your last choice is kept and sent again; please leave the page open.");
    await pause(RETRY[Math.min(attempt, RETRY.length - 1)]);
  }
}

function load(image, address) {
  return new Promise((done, failed) => {
    image.onload = done;
    image.onerror = failed;
    image.src = address;
  });
}

async function present(state) {
  remember(state.assessor);
  element("bar").max = state.given || 1;
  element("bar").value = state.done;
  element("count").textContent = `${state.done} of ${state.given}`;
  if (!state.task) return finish(state);
  show("compare");
  element("pair").classList.remove("sending");
  for (const side of sides) element(side).classList.remove("chosen");
  const images = sides.map((side) => element(side).querySelector("img"));
  for (let attempt = 0; ; attempt++) {
    try {
      // Both or none: nobody is to choose the picture that happened to come first.
      await Promise.all(sides.map((side, i) => load(images[i], state.task[side])));
      break;
    } catch {
      say("A picture could not be loaded; trying again.");
      await pause(RETRY[Math.min(attempt, RETRY.length - 1)]);
    }
  }
  say("");
  // Small pictures are enlarged to 28rem; larger ones have about their own size, if the window has room.
  const size = Math.max(...images.flatMap((image) => [image.naturalWidth, image.naturalHeight]));
  element("pair").style.setProperty("--side", `max(28rem, ${size}px)`);
  for (const side of sides) element(side).disabled = false;
  task = state.task;
  since = performance.now();
  for (const address of state.ahead) new Image().src = address;
}

function finish(state) {
  show("end");
  element("total").textContent = state.given ? `You have compared ${state.done} pairs, and every answer is stored.` : "";
  element("more-text").textContent = {
    now: "There are more pairs, if you would like to go on.",
    later: "Others are comparing the remaining pairs at the moment. Please come back in an hour: "
      + "the pairs that they leave are then given again.",
    no: state.given
      ? "There are no further pairs for you."
      : "Every pair has been compared often enough; there is nothing left to do.",
  }[state.further];
  element("more").hidden = state.further === "no";
  element("more").textContent = state.further === "later" ? "Try again" : "Compare more";
}

async function choose(side) {
  if (!task || performance.now() - since < GLANCE) return;
  const position = task.position;
  task = null;
  element(side).classList.add("chosen");
  element("pair").classList.add("sending");
  for (const other of sides) element(other).disabled = true;
  const { state, refusal } = await request("api/answers", { assessor, position, choice: side });
  // It was answered in another window, and that answer stays; or the study does not know the assessor.
  if (refusal) return resume();
  await present(state);
}

async function begin(button, token) {
  button.disabled = true;
  const { state, refusal, error } = await request("api/sessions", { assessor: token });
  button.disabled = false;
  if (refusal === "unknown") return restart();
  if (refusal) return say(error);
  await present(state);
}

async function resume() {
  const { state, refusal } = await request(`api/state?assessor=${encodeURIComponent(assessor)}`);
  if (refusal) return restart();
  await present(state);
}

function restart() {
  remember(null);
  show("welcome");
  say("Your earlier session is not known here any more; please start anew.");
}

element("start").addEventListener("click", (event) => begin(event.currentTarget, null));
element("more").addEventListener("click", (event) => begin(event.currentTarget, assessor));
for (const side of sides) element(side).addEventListener("click", () => choose(side));
document.addEventListener("keydown", (event) => {
  if (event.repeat || event.altKey || event.ctrlKey || event.metaKey) return;
  const side = { ArrowLeft: "left", ArrowRight: "right" }[event.key];
  if (!side || element("compare").hidden) return;
  event.preventDefault();
  choose(side);
});

assessor = remembered();
if (assessor) resume(); else show("welcome");
