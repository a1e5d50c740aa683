// Backend of the page in the browser: LiteRT.js runs the networks on full-size photos.

import { toPng } from "./canvas.js";
import * as compose from "./compose.js";
import { Models } from "./models.js";
import { Photo } from "./photo.js";

export const promise = "Your photos stay on this device.";
export const accept = "image/*";

let models = null;

/** The networks, with name and size. Those for masks start to load while the user chooses a photo. */
export async function ready() {
  if (!models) {
    models = await Models.find(new URLSearchParams(location.search).get("format"));
    for (const name of ["segmenter", "refiner"]) models.load(name).catch(() => {}); // reported when it is needed
  }
  return models;
}

export const open = (file) => Photo.open(file);

/** Cut out the object in a box. */
export async function cut(photo, box, edges) {
  return compose.cut(await ready(), photo, box, edges);
}

/** Erase the object in a box; `object` is its cut, if there is one already. Another `seed` gives another fill. */
export async function erase(photo, { box, edges, object, seed }) {
  const found = object ?? (await cut(photo, box, edges));
  return { ...changed(photo, await compose.erase(await ready(), photo, found, seed)), object: found };
}

/** Paste the object onto another photo, with its box's corner at place.x, place.y and the width place.width. */
export async function paste(_photo, object, target, { place, shadow }) {
  return changed(target, await compose.paste(await ready(), object, target, place, shadow));
}

/** A result as a full-size PNG file; `what` is cutout, erased or pasted. */
export async function full(what, { photo, object, target }) {
  return toPng({ cutout: object, erased: photo, pasted: target }[what].canvas);
}

/** The photo after an action, and its undo. Photos change in place here; `restore` puts the pixels back. */
function changed(photo, restore) {
  return {
    after: photo,
    undo: () => {
      restore();
      return photo;
    },
  };
}
