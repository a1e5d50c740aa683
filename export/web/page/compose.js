// Cut, erase and paste on a full-size photo: small crops go through the networks, results back to the photo.

import { newCanvas } from "./canvas.js";
import { NEAR, OBJECT, REACH, holeOf, mark, restored, widened, windowOf } from "./erasing.js";
import { cropRegion, overlap, placed } from "./geometry.js";
import { inWorker } from "./in_worker.js";
import { cutOut, matte } from "./matting.js";
import { lay, place } from "./pasting.js";
import { extract, toUnit } from "./resample.js";
import { cast } from "./shadows.js";
import { sameObject, staying } from "./staying.js";

/**
 * Cut out the object in a box.
 *
 * With `edges` its mask follows those of the photo. Returns {box, region, rectangle, image [S, S, 3], low, count, mask,
 * canvas}; `canvas` is the full-size cut-out, at `rectangle`, and `mask` its alpha; `low` and `count` are the mask as in
 * matting.js.
 */
export async function cut(models, photo, box, edges = true) {
  const { size } = models;
  const region = cropRegion(box, models.objectFraction);
  const image = toUnit(extract(photo, region, size));
  const rectangle = overlap(models.confineMask ? box : square(region), photo.bounds);
  if (!rectangle) throw new Error("The box lies outside the photo");
  const found = await matte(models, photo, image, box, region, edges), { low, count } = found;
  if (!low.some((value) => value > OBJECT)) throw new Error("No object was found in the box");
  const { width, height } = rectangle, canvas = newCanvas(width, height);
  const pixels = new ImageData(cutOut(photo, found, region, rectangle), width, height);
  canvas.getContext("2d", { willReadFrequently: true }).putImageData(pixels, 0, 0);
  const mask = new Uint8Array(width * height);
  for (let i = 0; i < mask.length; i++) mask[i] = pixels.data[4 * i + 3];
  photo.kept = [...others(photo, { rectangle, mask }), { box, rectangle, mask, hole: holeOf(low, count, region) }];
  return { box, region, rectangle, image, low, count, mask, canvas };
}

/**
 * Erase the object of a cut from its photo, which changes in its hole only. Returns a function that undoes it.
 *
 * Other objects that were cut out of the photo stay as they are, unseen by the inpainter. No pixel is copied from their
 * boxes, or from where objects were erased before. Another `seed` gives another choice of patches.
 */
export async function erase(models, photo, { box, region, rectangle, image, low, count, mask }, seed = 0) {
  const hole = holeOf(low, count, region), window = windowOf(hole, photo);
  if (!window) throw new Error("No object was found in the box");
  const around = widened(window, REACH, photo), { x, y, width, height } = around;
  const { kept, holes } = photo, left = others(photo, { rectangle, mask });
  const pending = new Uint8Array(width * height);
  for (const { hole: each } of [{ hole }, ...left]) mark(pending, around, each, photo);
  const avoid = pending.slice();
  for (const each of holes) mark(avoid, around, each, photo);
  for (const other of left) fillBox(avoid, around, other.box);
  const colours = await restored(models, photo, image, hole, pending, around);
  const pixels = photo.read(x, y, width, height);
  const near = widened(window, NEAR, photo);
  const stays = staying([{ box, rectangle, mask }, ...left.map((other) => ({ ...other, stays: true }))], window);
  const task = { photo: pixels, around, near, window, hole, pending, avoid, colours, seed, stays };
  const filled = await inWorker("filled", task, [pixels, pending, avoid, colours]);
  const putBack = photo.copy(window);
  photo.context.putImageData(new ImageData(filled, window.width, window.height), window.x, window.y);
  photo.refresh();
  [photo.kept, photo.holes] = [left, [...holes, hole]];
  return () => {
    putBack();
    const since = photo.kept.filter((object) => !left.includes(object));
    photo.kept = [...kept.filter((object) => !since.some((other) => sameObject(other, object))), ...since];
    photo.holes = photo.holes.filter((each) => each !== hole);
  };
}

/** The objects that were cut out of a photo and are still there, without earlier cuts of the same object. */
const others = (photo, object) => photo.kept.filter((other) => !sameObject(other, object));

/** Set a mask over a rectangle of the photo to 1 in a box. */
function fillBox(mask, rectangle, box) {
  const part = overlap(box, rectangle);
  for (let y = 0; part && y < part.height; y++) {
    const line = (part.y - rectangle.y + y) * rectangle.width + part.x - rectangle.x;
    mask.fill(1, line, line + part.width);
  }
}

/**
 * Paste the object of a cut into another photo, with its box's corner at x, y and the width `width`.
 *
 * The light and colours of the object become those of that photo. With `shadow` the object casts one on the ground. Returns
 * a function that undoes it.
 */
export async function paste(models, object, photo, at, shadow = false) {
  const { box, region } = placed(object.box, models.objectFraction, at), part = place(object, box, photo);
  if (!part) throw new Error("The place lies outside the second photo");
  if (!part.alpha.some((value) => value)) {
    throw new Error("No object was found in the box, or it lies outside the second photo");
  }
  const unshade = shadow ? cast(photo, part) : () => {};
  try {
    const unpaste = await lay(models, photo, region, part);
    return () => {
      unpaste();
      unshade();
    };
  } catch (error) {
    unshade();
    throw error;
  }
}

const square = ({ x, y, side }) => ({ x, y, width: side, height: side });
