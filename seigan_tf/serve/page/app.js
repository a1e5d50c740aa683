// The page's state: the open photo, its changes, and the buttons that are enabled.
//
// Two pages share this file. Each has its own backend.js, which works on a server or in the browser alone:
//   promise                                         privacy of the photos, as a sentence for the page
//   accept                                          file types of the file chooser, as the accept of an input
//   ready()                                         {name, size} of the networks; finds: true if there is a detector
//   open(file)                                      a photo {name, width, height, bounds, preview, note}
//   find(photo, point)                              the object at a point {name, box}, if there is a detector
//   cut(photo, box, edges)                          an object {box, rectangle, canvas}
//   erase(photo, {box, edges, object, seed})        {after, undo, object}: the new photo, a function that returns the old one,
//                                                   and the object, if it was cut for that
//   paste(photo, object, target, {place, shadow})   {after, undo}: the same for the target
//   full(what, {photo, object, target})             PNG file of the cutout, erased or pasted picture at full size
// All functions may be asynchronous. The first line of an error is shown on the page.

import * as backend from "./backend.js";
import { acceptDrops } from "./drop.js";
import { oneLine } from "./errors.js";
import { Stage } from "./stage.js";

const $ = (id) => document.getElementById(id);
const BOX_KEYS = "Draw with a finger or the mouse. Keys: arrows move the box, Shift and arrows change its size.";
const PLACE_KEYS = "Drag the object. Keys: arrows move it, Shift and arrows change its size.";

/** The photo with the object, the number of objects erased from it, and the object cut out of it. */
let photo = null, erasures = 0, object = null;
/** The photo that the object is pasted on; null unless one is open. */
let target = null;
/** Undoes the last change; null if there is none. */
let undo = null;
/** What `undo` takes back, if that is an erasure: {box, edges, object, seed, restore}; null otherwise. */
let erasure = null;
/** The latest result, for Save: "cutout", "erased" or "pasted". */
let made = null;
let busy = false;
/** Whether the object at a tapped point can be found. */
let finds = false;

const stage = new Stage($("stage"), changed, findObject);

function changed() {
  if (!stage.place) [object, made] = [null, madeOfPhoto()];
  else $("scale").value = (100 * stage.place.width) / target.width;
  show();
}

/** Runs an action of the page. An error is shown as one line and leaves everything else unchanged. */
async function act(message, action) {
  if (busy) return;
  busy = true;
  const before = $("status").textContent, focused = document.activeElement;
  $("error").textContent = "";
  $("status").textContent = message;
  show();
  await new Promise((resolve) => { setTimeout(resolve, 30); }); // the message is seen before the work begins
  try {
    $("status").textContent = (await action()) ?? before;
  } catch (error) {
    $("status").textContent = before;
    $("error").textContent = oneLine(error);
  }
  busy = false;
  show();
  focused?.focus({ preventScroll: true }); // a button that is disabled loses it
}

/** Updates buttons and canvas. */
function show() {
  const open = Boolean(photo), placing = Boolean(stage.place);
  for (const id of ["stage", "actions"]) $(id).hidden = !open;
  // An answer has to meet the box that it was asked for, and no box is drawn on a photo after a paste.
  $("stage").inert = busy || (Boolean(target) && !placing);
  $("views").hidden = !open || placing || Boolean(target);
  $("placing").hidden = !placing;
  $("place").hidden = !placing;
  $("back").hidden = !target;
  for (const id of ["cut", "erase", "onto-label"]) $(id).hidden = placing || Boolean(target);
  $("undo").hidden = $("save").hidden = placing;
  $("another").hidden = !erasure || Boolean(target) || Boolean(stage.box);
  for (const id of ["cut", "erase", "onto"]) $(id).disabled = busy || !stage.box;
  $("onto-label").classList.toggle("disabled", $("onto").disabled);
  for (const id of ["place", "back", "another", "edges", "scale", "shadow"]) $(id).disabled = busy;
  $("undo").disabled = busy || !undo;
  $("save").disabled = busy || !made;
  $("choose").classList.toggle("main", !open);
  $("cut").classList.toggle("main", !object);
  $("save").classList.toggle("main", Boolean(made));
  for (const input of document.querySelectorAll("input[type=file]")) input.disabled = busy || (input.id === "onto" && !stage.box);
  $("keys").textContent = placing ? PLACE_KEYS : BOX_KEYS;
  $("keys").hidden = !open || (!placing && Boolean(object ?? target));
  $("stage").setAttribute("aria-label", describe());
  for (const radio of document.querySelectorAll("[name=view]")) {
    radio.disabled = busy || !object;
    radio.checked = radio.value === (stage.alone ? "cutout" : "mask");
  }
  stage.draw();
}

function describe() {
  const shown = stage.photo;
  if (!shown) return "No photo";
  const size = `Photo ${shown.name}, ${shown.width} by ${shown.height} pixels`;
  const at = stage.place ?? stage.box;
  if (!at) return `${size}, no box yet`;
  const [x, y, width, height] = [at.x, at.y, at.width, at.height].map(Math.round);
  return `${size}; ${stage.place ? "object" : "box"} at ${x}, ${y}, ${width} wide, ${height} high`;
}

const size = (opened) => `${opened.width} × ${opened.height}${opened.note}`;

/** The result that can be saved if there is no cut-out. */
const madeOfPhoto = () => (erasures ? "erased" : null);

function openPhoto(file) {
  act(`Opening ${file.name}…`, async () => {
    const opened = await backend.open(file);
    await ready().catch(() => {}); // it may have failed before; a photo may be open without networks
    [photo, erasures, object, target, undo, erasure, made] = [opened, 0, null, null, null, null, null];
    stage.clear();
    stage.photo = photo;
    return `${size(photo)}. ${finds ? "Tap the object, or draw a box around it." : "Draw a box around the object."}`;
  });
}

async function ready() {
  const { name, size, finds: detector } = await backend.ready();
  finds = Boolean(detector);
  $("model").textContent = `${name}, ${size} px. ${backend.promise}`;
}

function findObject(point) {
  if (!finds) return;
  act("Looking for the object…", async () => {
    const found = await backend.find(photo, point);
    [stage.box, stage.object, stage.alone] = [found.box, null, false];
    [object, made] = [null, madeOfPhoto()];
    return `Found: ${found.name}. Cut it, or draw a better box.`;
  });
}

async function cutObject(anew = false) {
  await ready();
  if (anew || !object) object = await backend.cut(photo, stage.box, $("edges").checked);
  stage.object = object;
}

function cut() {
  return act("Cutting…", async () => {
    const start = performance.now();
    await cutObject(true);
    made = "cutout";
    return `Cut out in ${seconds(start)}. Save it, erase it here, or paste it on another photo.`;
  });
}

function erase() {
  act("Erasing…", () => eraseFrom(photo, { box: stage.box, edges: $("edges").checked, object, seed: 0 }, erasures));
}

/** Erases the last object anew, with other patches. */
function another() {
  act("Erasing anew…", async () => {
    const { restore, ...last } = erasure, from = restore();
    try {
      return await eraseFrom(from, { ...last, seed: last.seed + 1 }, erasures - 1);
    } catch (error) {
      if (from !== photo) throw error; // the erased photo is another object, which is still shown
      $("error").textContent = oneLine(error);
      return takeBack(); // it is the same one, and shows the object again
    }
  });
}

/** Erases from a photo from which `before` objects were erased. */
async function eraseFrom(from, wanted, before) {
  const start = performance.now();
  await ready();
  const { after, undo: restore, object: cutFor = wanted.object } = await backend.erase(from, wanted);
  [photo, erasures] = [after, before + 1];
  // Its canvas has the size of the object in the photo, and is not needed to erase it again.
  erasure = { ...wanted, object: cutFor && { ...cutFor, canvas: null }, restore };
  undo = () => {
    [photo, erasures] = [restore(), before];
    [object, made] = [null, madeOfPhoto()];
    [stage.photo, stage.box, stage.object] = [photo, wanted.box, null];
    return "As it was before.";
  };
  [object, made] = [null, "erased"];
  [stage.photo, stage.box, stage.object, stage.alone] = [photo, null, null, false];
  return `Erased in ${seconds(start)}. Save it, try another fill, or draw the next box.`;
}

function openTarget(file) {
  act(`Opening ${file.name}…`, async () => {
    const opened = await backend.open(file);
    await cutObject();
    const { box } = object;
    const scale = Math.min(1, (0.5 * opened.width) / box.width, (0.5 * opened.height) / box.height);
    const [width, height] = [box.width * scale, box.height * scale];
    target = opened;
    [stage.photo, stage.object, stage.alone] = [target, object, false];
    stage.place = { x: (target.width - width) / 2, y: (target.height - height) / 2, width, height };
    stage.box = null;
    $("scale").value = (100 * width) / target.width;
    return `${size(target)}. Drag the object to its place.`;
  });
}

function pasteObject() {
  act("Pasting…", async () => {
    const start = performance.now(), { place } = stage;
    await ready();
    const { after, undo: restore } = await backend.paste(photo, object, target, { place, shadow: $("shadow").checked });
    stage.photo = target = after;
    erasure = null;
    undo = () => {
      stage.photo = target = restore();
      [made, stage.object, stage.place] = [null, object, place];
      return "Drag the object to its place.";
    };
    [made, stage.object, stage.place] = ["pasted", null, null];
    return `Pasted in ${seconds(start)}. Save it, or undo to place it anew.`;
  });
}

/** Back from the second photo to the first. */
function back() {
  target = null;
  [stage.photo, stage.place, stage.object, stage.box] = [photo, null, object, object.box];
  [undo, erasure, made] = [null, null, "cutout"];
  $("status").textContent = "Save the cut-out, erase it here, or paste it on another photo.";
  $("error").textContent = "";
  show();
}

function save() {
  act("Making the picture in full size…", async () => {
    const blob = await backend.full(made, { photo, object, target });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${(target ?? photo).name.replace(/\.[^.]*$/, "")}-${made}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    return `Saved ${link.download}.`;
  });
}

function takeBack() {
  const message = undo();
  [undo, erasure] = [null, null];
  return message;
}

const seconds = (start) => `${((performance.now() - start) / 1000).toFixed(1)} s`;

/** Calls `open` with each file that is chosen. */
function onChoice(id, open) {
  $(id).addEventListener("change", ({ target: input }) => {
    const [file] = input.files;
    input.value = ""; // so that the same file can be chosen again
    if (file) open(file);
  });
}

onChoice("photo", openPhoto);
onChoice("camera", openPhoto);
onChoice("onto", openTarget);
acceptDrops(
  $("drop"),
  () => (busy ? [] : ["photo", ...(stage.box ? ["onto"] : [])]),
  (what, file) => (what === "onto" ? openTarget : openPhoto)(file),
);
$("cut").addEventListener("click", cut);
$("erase").addEventListener("click", erase);
$("place").addEventListener("click", pasteObject);
$("back").addEventListener("click", back);
$("undo").addEventListener("click", () => act("Undoing…", async () => takeBack()));
$("another").addEventListener("click", another);
$("save").addEventListener("click", save);
$("edges").addEventListener("change", async ({ target: box }) => {
  const before = object;
  if (!before) return;
  await cut();
  if (object === before) box.checked = !box.checked; // it failed: the object has its earlier edges
});
$("scale").addEventListener("input", (event) => {
  stage.resize((event.target.value / 100) * target.width);
  show();
});
$("views").addEventListener("change", (event) => {
  if (event.target.name !== "view") return;
  stage.alone = event.target.value === "cutout";
  stage.draw();
});

$("photo").accept = $("onto").accept = backend.accept;
$("model").textContent = backend.promise;
show();
try {
  await ready();
} catch (error) {
  $("error").textContent = oneLine(error); // the next action tries again
}
