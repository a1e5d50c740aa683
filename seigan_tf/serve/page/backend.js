// The page's work, done by the server. Requests carry a preview of the photo, or the photo itself to save a result.

import { toPng } from "./canvas.js";
import { Photo, decoded } from "./photo.js";
import { Server, numbers } from "./server.js";

export const promise = "The server keeps no photos.";
export const accept = "image/*,.tif,.tiff,.heic,.heif,.hif";

let server = null;

/** The server, with the name and the size of its networks. Asks again after a failure. */
export async function ready() {
  server ??= await Server.find();
  return server;
}

export async function open(file) {
  return Photo.open(await ready(), file);
}

/** The object at a point of the photo as it is shown, without what was erased: {name, box}. */
export async function find(photo, { x, y }) {
  const scale = photo.scale();
  const { name, box } = await (await send("find", { photo: photo.sent, at: `${x * scale},${y * scale}` })).json();
  const [left, top, width, height] = box.map((value) => Math.round(value / scale));
  return { name, box: { x: left, y: top, width, height } };
}

/** The object in a box: {box, edges, rectangle, canvas, made}; `rectangle` is the cut-out's place in the photo. */
export async function cut(photo, box, edges) {
  const answer = await send("cut", photo.fields(box, edges));
  const [x, y, width, height] = numbers(answer, "Rectangle").map((value) => value / photo.scale());
  const made = await answer.blob();
  return { box, edges, rectangle: { x, y, width, height }, canvas: await decoded(made), made };
}

/**
 * Erases the object in a box; another `seed` gives another fill.
 *
 * A preview has other patches than its photo, so a fill that is chosen among several is made at full size.
 */
export async function erase(photo, { box, edges, seed }) {
  photo.checkRoom((await ready()).mostBoxes);
  const one = { ...box, seed, edges }, erased = [...photo.erased, one], isFull = photo.reduced && seed > 0;
  const made = await erasing(photo, isFull ? erased : [one], isFull);
  const after = await photo.changed(made, { erased, full: isFull ? made : null });
  after.sent = isFull ? await toPng(after.preview) : made;
  return { after, undo: () => photo };
}

/** Pastes the object on another photo; `how`: {place, shadow}. Its box gets the corner place.x, place.y and place.width. */
export async function paste(photo, object, target, how) {
  const after = await target.changed(await pasting(photo, object, target, how, false), how);
  return { after, undo: () => target };
}

/** A result as a PNG file at full size. `what` is cutout, erased or pasted. */
export async function full(what, { photo, object, target }) {
  // If the previews are as large as the photos, the result shown is the full one.
  if (!photo.reduced && !target?.reduced) return { cutout: object, erased: photo, pasted: target }[what].made;
  if (what === "erased") return photo.full ?? erasing(photo, photo.erased, true);
  if (what === "pasted") return pasting(photo, object, target, target, true);
  return (await send("cut", photo.fields(object.box, object.edges, true))).blob();
}

async function erasing(photo, boxes, isFull) {
  const file = isFull ? photo.file : photo.sent;
  return (await send("erase", { photo: file, box: boxes.map((box) => photo.erasure(box, isFull)) })).blob();
}

async function pasting(photo, object, target, { place: { x, y, width }, shadow }, isFull) {
  const at = [x, y, width].map((value) => value * target.scale(isFull)).join(",");
  const fields = { ...photo.fields(object.box, object.edges, isFull), at, shadow: shadow ? 1 : 0 };
  return (await send("paste", { ...fields, onto: isFull ? target.file : target.sent })).blob();
}

async function send(action, fields) {
  return (await ready()).send(action, fields);
}
