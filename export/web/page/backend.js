// The page's work, done in the browser: LiteRT.js runs the networks, on photos in full size.

import * as compose from "./compose.js";
import { Models } from "./models.js";
import { Photo, toPng } from "./photo.js";

export const promise = "Your photos stay on this device.";
export const accept = "image/*";

let models = null;

/** The networks, with their name and size. The segmenter begins to load, while a photo is being chosen. */
export async function ready() {
  if (!models) {
    models = await Models.find(new URLSearchParams(location.search).get("format"));
    models.load("segmenter").catch(() => {}); // said when it is wanted
  }
  return models;
}

export const open = (file) => Photo.open(file);

/** The object in a box. */
export async function cut(photo, box, edges) {
  return compose.cut(await ready(), photo, box, edges);
}

/** Erases the object in a box; `object` is it where it was cut out already. */
export async function erase(photo, { box, edges, object }) {
  return changed(photo, await compose.erase(await ready(), photo, object ?? (await cut(photo, box, edges))));
}

/** Pastes the object on another photo, its box's corner at place.x, place.y and place.width wide. */
export async function paste(_photo, object, target, place) {
  return changed(target, await compose.paste(await ready(), object, target, place));
}

/** What was made, as a PNG file in full size. `what` is cutout, erased or pasted. */
export async function full(what, { photo, object, target }) {
  return toPng({ cutout: object, erased: photo, pasted: target }[what].canvas);
}

/** What was done, as the page takes it: photos change in place here, and `restore` puts the pixels back. */
function changed(photo, restore) {
  return {
    after: photo,
    undo: () => {
      restore();
      return photo;
    },
  };
}
