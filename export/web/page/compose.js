// Cut, erase and paste on a full-size photo: small crops go through the networks, results back to the photo.

import { newCanvas } from "./canvas.js";
import { cropRegion, insideBox, overlap, placed } from "./geometry.js";
import { dilated, extent, followEdges, smooth } from "./masks.js";
import { enlarge, extract } from "./resample.js";
import { inpaintTta } from "./tta.js";

/** Margin around the object that is also erased and harmonised, relative to the crop's side: edges and near shadows. */
const MARGIN = 1 / 32;

/**
 * Cut out the object in a box.
 *
 * Returns {box, region, rectangle, mask [S, S], image [S, S, 3], canvas}; `canvas` is the full-size cut-out, at `rectangle`.
 */
export async function cut(models, photo, box, edges = true) {
  const { size } = models;
  const region = cropRegion(box, models.objectFraction);
  const image = toUnit(extract(photo, region, size));
  let mask = await models.segment(image);
  if (models.confineMask) {
    const inside = insideBox(box, region, size);
    mask = mask.map((value, i) => value * inside[i]);
  }
  const rectangle = overlap(models.confineMask ? box : square(region), photo.bounds);
  if (!rectangle) throw new Error("The box lies outside the photo");
  const alpha = edges
    ? followEdges(photo, mask, size, region, rectangle)
    : smooth(mask, size, region, rectangle);
  return { box, region, rectangle, mask, image, canvas: cutOut(photo, rectangle, alpha) };
}

function cutOut(photo, { x, y, width, height }, alpha) {
  const canvas = newCanvas(width, height);
  const pixels = photo.context.getImageData(x, y, width, height);
  for (let i = 0; i < alpha.length; i++) pixels.data[4 * i + 3] = alpha[i];
  canvas.getContext("2d", { willReadFrequently: true }).putImageData(pixels, 0, 0);
  return canvas;
}

/** Erase the object of a cut from its photo, within its dilated mask only. Returns a function that undoes it. */
export async function erase(models, photo, { region, mask, image }) {
  const { size } = models;
  const hole = dilated(mask, size, margin(size));
  const rectangle = within(hole, size, region, photo);
  if (!rectangle) throw new Error("No object was found in the box");
  const restored = await inpaintTta(models, image, hole);
  const undo = photo.copy(rectangle);
  const share = enlarge(hole, size, 1, region, rectangle), shares = new Float32Array(rectangle.width);
  const colour = enlarge(restored, size, 3, region, rectangle), colours = new Float32Array(3 * rectangle.width);
  change(photo, rectangle, (data, from, y) => {
    share(y, shares);
    colour(y, colours);
    for (let x = 0; x < rectangle.width; x++) {
      if (!shares[x]) continue;
      for (let c = 0; c < 3; c++) {
        const at = from + 4 * x + c;
        data[at] = data[at] * (1 - shares[x]) + toByte(colours[3 * x + c]) * shares[x];
      }
    }
  });
  photo.refresh();
  return undo;
}

/**
 * Paste the object of a cut into another photo, with its box's corner at x, y and the width `width`.
 *
 * The enhancer's changes to the small crop are added to the full-size paste, on the object and directly around it.
 * Returns a function that undoes it.
 */
export async function paste(models, object, photo, place) {
  const { size } = models;
  const { box, region } = placed(object.box, models.objectFraction, place);
  if (!overlap(box, photo.bounds)) throw new Error("The place lies outside the second photo");
  const near = dilated(object.mask, size, margin(size));
  const rectangle = within(near, size, region, photo);
  if (!rectangle) throw new Error("No object was found in the box");
  const background = toUnit(extract(photo, region, size));
  const coarse = background.map((value, i) => {
    const share = object.mask[Math.floor(i / 3)];
    return share * object.image[i] + (1 - share) * value;
  });
  const enhanced = await models.enhance(coarse);
  const difference = enhanced.map((value, i) => (value - coarse[i]) * 127.5);

  const undo = photo.copy(rectangle);
  const scale = region.side / object.region.side;
  photo.context.imageSmoothingQuality = "high";
  photo.context.drawImage(
    object.canvas,
    region.x + (object.rectangle.x - object.region.x) * scale,
    region.y + (object.rectangle.y - object.region.y) * scale,
    object.rectangle.width * scale,
    object.rectangle.height * scale,
  );
  const share = enlarge(near, size, 1, region, rectangle), shares = new Float32Array(rectangle.width);
  const shift = enlarge(difference, size, 3, region, rectangle), shifts = new Float32Array(3 * rectangle.width);
  change(photo, rectangle, (data, from, y) => {
    share(y, shares);
    shift(y, shifts);
    for (let x = 0; x < rectangle.width; x++) {
      if (!shares[x]) continue;
      for (let c = 0; c < 3; c++) data[from + 4 * x + c] += shifts[3 * x + c] * shares[x];
    }
  });
  photo.refresh();
  return undo;
}

/** Call `edit(data, offset, y)` on each row of a rectangle, with one strip of the photo in memory at a time. */
function change(photo, { x, y, width, height }, edit) {
  const rows = Math.max(Math.floor(2 ** 20 / width), 1);
  for (let top = 0; top < height; top += rows) {
    const strip = photo.context.getImageData(x, y + top, width, Math.min(rows, height - top));
    for (let row = 0; row < strip.height; row++) edit(strip.data, row * width * 4, top + row);
    photo.context.putImageData(strip, x, y + top);
  }
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
const toByte = (value) => (value + 1) * 127.5;
