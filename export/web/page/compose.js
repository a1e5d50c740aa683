// Cut, erase and paste on a full-size photo: small crops go through the networks, results back to the photo.

import { newCanvas } from "./canvas.js";
import { NEAR, REACH, holeOf, mark, restored, widened, windowOf } from "./erasing.js";
import { area, resize } from "./filters.js";
import { cropRegion, overlap, placed, sameObject } from "./geometry.js";
import { dilated, extent } from "./masks.js";
import { cutOut, matte } from "./matting.js";
import { enlarge, extract } from "./resample.js";
import { cast } from "./shadows.js";

/** Margin around the object that is also harmonised, relative to the crop's side: edges and near shadows. */
const MARGIN = 1 / 32;

/**
 * Cut out the object in a box.
 *
 * With `edges` its mask follows those of the photo. Returns {box, region, rectangle, mask [S, S], image [S, S, 3], low,
 * count, canvas}; `canvas` is the full-size cut-out, at `rectangle`, `low` and `count` are the mask as in matting.js.
 */
export async function cut(models, photo, box, edges = true) {
  const { size } = models;
  const region = cropRegion(box, models.objectFraction);
  const image = toUnit(extract(photo, region, size));
  const rectangle = overlap(models.confineMask ? box : square(region), photo.bounds);
  if (!rectangle) throw new Error("The box lies outside the photo");
  const found = await matte(models, photo, image, box, region, edges), { low, count } = found;
  const mask = (count > size ? area : resize)(low, [count, count, 1], [size, size, 1]);
  photo.kept = [...others(photo, box), { box, hole: holeOf(low, count, region) }];
  const { width, height } = rectangle, canvas = newCanvas(width, height);
  const pixels = new ImageData(cutOut(photo, found, region, rectangle), width, height);
  canvas.getContext("2d", { willReadFrequently: true }).putImageData(pixels, 0, 0);
  return { box, region, rectangle, mask, image, low, count, canvas };
}

/**
 * Erase the object of a cut from its photo, which changes in its hole only. Returns a function that undoes it.
 *
 * Other objects that were cut out of the photo stay, unseen by the inpainter. No pixel is copied from their boxes, or from
 * where objects were erased before.
 */
export async function erase(models, photo, { box, region, image, low, count }) {
  const hole = holeOf(low, count, region), window = windowOf(hole, photo);
  if (!window) throw new Error("No object was found in the box");
  const around = widened(window, REACH, photo), { x, y, width, height } = around;
  const { kept, holes } = photo, staying = others(photo, box);
  const pending = new Uint8Array(width * height);
  for (const { hole: each } of [{ hole }, ...staying]) mark(pending, around, each, photo);
  const avoid = pending.slice();
  for (const each of holes) mark(avoid, around, each, photo);
  for (const other of staying) fillBox(avoid, around, other.box);
  const colours = await restored(models, photo, image, hole, pending, around);
  const pixels = photo.read(x, y, width, height);
  const near = widened(window, NEAR, photo);
  const filled = await inWorker(
    { photo: pixels, around, near, window, hole, pending, avoid, colours }, [pixels, pending, avoid, colours]);
  const putBack = photo.copy(window);
  photo.context.putImageData(new ImageData(filled, window.width, window.height), window.x, window.y);
  photo.refresh();
  [photo.kept, photo.holes] = [staying, [...holes, hole]];
  return () => {
    putBack();
    [photo.kept, photo.holes] = [kept, holes];
  };
}

/** The objects that were cut out of a photo and are still there, without that in a box. */
const others = (photo, box) => photo.kept.filter((other) => !sameObject(other.box, box));

/** Set a mask over a rectangle of the photo to 1 in a box. */
function fillBox(mask, rectangle, box) {
  const part = overlap(box, rectangle);
  for (let y = 0; part && y < part.height; y++) {
    const line = (part.y - rectangle.y + y) * rectangle.width + part.x - rectangle.x;
    mask.fill(1, line, line + part.width);
  }
}

/** The answer of a worker of its own, whose memory is free again afterwards; the arrays go to it. */
async function inWorker(task, arrays) {
  const worker = new Worker(new URL("fill_worker.js", import.meta.url), { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      // Browsers do not say why a worker did not start.
      worker.onerror = ({ message }) => reject(new Error(message || "fill_worker.js or a file that it needs is missing"));
      worker.postMessage(task, arrays.map(({ buffer }) => buffer));
    });
  } finally {
    worker.terminate();
  }
}

/**
 * Paste the object of a cut into another photo, with its box's corner at x, y and the width `width`.
 *
 * The enhancer's changes to the small crop are added to the full-size paste, on the object and directly around it. With
 * `shadow` the object casts one on the ground. Returns a function that undoes it.
 */
export async function paste(models, object, photo, place, shadow = false) {
  const { size } = models;
  const { box, region } = placed(object.box, models.objectFraction, place);
  if (!overlap(box, photo.bounds)) throw new Error("The place lies outside the second photo");
  const near = dilated(object.mask, size, margin(size));
  const rectangle = within(near, size, region, photo);
  if (!rectangle) throw new Error("No object was found in the box");
  const scale = region.side / object.region.side;
  const landed = {
    x: region.x + (object.rectangle.x - object.region.x) * scale,
    y: region.y + (object.rectangle.y - object.region.y) * scale,
    width: object.rectangle.width * scale,
    height: object.rectangle.height * scale,
  };
  const unshade = shadow ? cast(photo, placedOn(photo, object, landed, box)) : () => {};
  const background = toUnit(extract(photo, region, size));
  const coarse = background.map((value, i) => {
    const share = object.mask[Math.floor(i / 3)];
    return share * object.image[i] + (1 - share) * value;
  });
  let enhanced;
  try {
    enhanced = await models.enhance(coarse);
  } catch (error) {
    unshade();
    throw error;
  }
  const difference = enhanced.map((value, i) => (value - coarse[i]) * 127.5);

  const unpaste = photo.copy(rectangle);
  draw(photo.context, object, landed);
  const share = enlarge(near, size, 1, region, rectangle), shares = new Float32Array(rectangle.width);
  const shift = enlarge(difference, size, 3, region, rectangle), shifts = new Float32Array(3 * rectangle.width);
  photo.edit(rectangle, (data, from, y) => {
    share(y, shares);
    shift(y, shifts);
    for (let x = 0; x < rectangle.width; x++) {
      if (!shares[x]) continue;
      for (let c = 0; c < 3; c++) data[from + 4 * x + c] += shifts[3 * x + c] * shares[x];
    }
  });
  photo.refresh();
  return () => {
    unpaste();
    unshade();
  };
}

/** The alpha of a cut-out at its place on a photo, for `cast`: {alpha, window, box}; `window` holds its visible pixels. */
function placedOn(photo, object, landed, box) {
  const window = overlap(landed, photo.bounds);
  if (!window) return { alpha: new Uint8Array(0), window, box };
  const context = newCanvas(window.width, window.height).getContext("2d", { willReadFrequently: true });
  draw(context, object, { ...landed, x: landed.x - window.x, y: landed.y - window.y });
  const { data } = context.getImageData(0, 0, window.width, window.height);
  return { alpha: Uint8Array.from({ length: data.length / 4 }, (_, i) => data[4 * i + 3]), window, box };
}

function draw(context, object, { x, y, width, height }) {
  context.imageSmoothingQuality = "high";
  context.drawImage(object.canvas, x, y, width, height);
}

/** Rectangle of the photo touched by a mask over a region, in whole pixels; null if there is none. */
function within(mask, size, region, photo) {
  const touched = extent(mask, size, region);
  const visible = touched && overlap(touched, square(region));
  return visible && overlap(visible, photo.bounds);
}

const square = ({ x, y, side }) => ({ x, y, width: side, height: side });
const margin = (size) => Math.max(Math.round(size * MARGIN), 1);
const toUnit = (pixels) => Float32Array.from(pixels, (value) => value / 127.5 - 1);
