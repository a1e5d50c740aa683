// Cut, erase and paste: what is sent to the server, as a preview or in full size, and what becomes of the answer.

import { decoded } from "./photo.js";
import { numbers } from "./server.js";

/** The object in a box: {box, edges, rectangle, canvas, made}; `rectangle` is where of the photo the cut-out is. */
export async function cut(server, photo, box, edges) {
  const answer = await server.send("cut", photo.fields(box, edges));
  const [x, y, width, height] = numbers(answer, "Rectangle").map((value) => value / photo.scale());
  const made = await answer.blob();
  return { box, edges, rectangle: { x, y, width, height }, canvas: await decoded(made), made };
}

/** The photo without the object in a box, and without those that were erased before. */
export async function erase(server, photo, box, edges) {
  const erased = [...photo.erased, box];
  return photo.changed(await erasing(server, photo, erased, edges, false), { erased, edges });
}

/** Another photo with an object of this one, its box's corner at place.x, place.y and place.width wide. */
export async function paste(server, photo, object, target, place) {
  return target.changed(await pasting(server, photo, object, target, place, false), { place });
}

/** What was made, as a PNG file in full size. `what` is cutout, erased or pasted. */
export async function full(server, what, { photo, object, target }) {
  // With previews as large as the photos, what is shown is already it.
  if (!photo.reduced && !target?.reduced) return { cutout: object, erased: photo, pasted: target }[what].made;
  if (what === "erased") return erasing(server, photo, photo.erased, photo.edges, true);
  if (what === "pasted") return pasting(server, photo, object, target, target.place, true);
  return (await server.send("cut", photo.fields(object.box, object.edges, true))).blob();
}

async function erasing(server, photo, boxes, edges, isFull) {
  const fields = photo.fields(boxes[0], edges, isFull);
  const answer = await server.send("erase", { ...fields, erased: [], box: boxes.map((box) => photo.text(box, isFull)) });
  return answer.blob();
}

async function pasting(server, photo, object, target, { x, y, width }, isFull) {
  const at = [x, y, width].map((value) => value * target.scale(isFull)).join(",");
  const fields = photo.fields(object.box, object.edges, isFull);
  return (await server.send("paste", { ...fields, onto: isFull ? target.file : target.sent, at })).blob();
}
