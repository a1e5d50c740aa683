// Holes and their fills: the inpainter decides on colours and layout, patches of the photo give them its texture.
// As seigan_tf/compose/erasing.py.
//
// A hole is {region, weights, count}: the share of the fill, Uint8Array [count, count] from 0 to 255, over the region.

import { distances, grown, pullPush, resize } from "./filters.js";
import { fill } from "./filling.js";
import { overlap, round } from "./geometry.js";
import { enlarge, extract, grey } from "./resample.js";
import { inpaintTta } from "./tta.js";

export const OBJECT = 0.1;
export const [CORE, FEATHER] = [0.02, 0.04];
export const [REACH, NEAR, MARGIN] = [2.0, 0.1, 8];
export const RIM = 0.04;
export const WHOLE = 127;

/** The object's mask [count, count] over a region, grown by CORE, with a soft rim of width FEATHER. */
export function holeOf(mask, count, region) {
  const core = Math.max(CORE * count, 1), feather = Math.max(FEATHER * count, 1);
  const distance = distances(mask.map((value) => (value > OBJECT ? 0 : 1)), [count, count]);
  const weights = Uint8Array.from(distance, (value) => {
    const part = Math.min(Math.max((core + feather - value) / feather, 0), 1);
    return round(255 * part * part * (3 - 2 * part));
  });
  return { region, weights, count };
}

/** The pixels of a photo that a hole may change, a rectangle; null if there are none. */
export function windowOf({ region, weights, count }, photo) {
  let [left, top, right, bottom] = [count, count, -1, -1];
  weights.forEach((weight, place) => {
    if (!weight) return;
    const x = place % count, y = Math.floor(place / count);
    [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
  });
  if (right < 0) return null;
  // An entry more on each side, since the map is interpolated between two.
  [left, top] = [left, top].map((value) => Math.max(value - 1, 0));
  [right, bottom] = [right, bottom].map((value) => Math.min(value + 2, count));
  const scale = region.side / count;
  const box = { x: region.x + left * scale, y: region.y + top * scale };
  return overlap({ ...box, width: (right - left) * scale, height: (bottom - top) * scale }, photo.bounds);
}

/** A window grown on each side by a part of its long side and by MARGIN pixels, inside the photo. */
export function widened({ x, y, width, height }, part, photo) {
  const more = round(part * Math.max(width, height)) + MARGIN;
  return overlap({ x: x - more, y: y - more, width: width + 2 * more, height: height + 2 * more }, photo.bounds);
}

/** Set the pixels of a mask over a rectangle of the photo to 1 in a hole, where the photo has to be replaced. */
export function mark(mask, rectangle, hole, photo) {
  const window = windowOf(hole, photo), part = window && overlap(window, rectangle);
  if (!part) return;
  const weights = enlarge(hole.weights, hole.count, 1, hole.region, part), row = new Float32Array(part.width);
  for (let y = 0; y < part.height; y++) {
    const line = (part.y - rectangle.y + y) * rectangle.width + part.x - rectangle.x;
    weights(y, row);
    for (let x = 0; x < part.width; x++) if (row[x] > 0.5) mask[line + x] = 1;
  }
}

/**
 * The inpainter's fill, adjusted to the colours just outside the hole: [count, count, 3] from 0 to 255.
 *
 * `image`: the crop at the networks' size, from -1 to 1; `pending`: over the rectangle, what must not be seen.
 */
export async function restored(models, photo, image, { region, count }, pending, rectangle) {
  const { size } = models, mask = grey(pending, rectangle, photo, 255);
  const crop = (side) => extract(mask, region, side).filter((_, i) => i % 3 === 0);
  const answer = await inpaintTta(models, image, Float32Array.from(crop(size), (value) => (value > 8 ? 1 : 0)));
  const colours = resize(answer.map((value) => (value + 1) * 127.5), [size, size, 3], [count, count], true);
  // Photo and fill are both known in the rim; their difference there is continued over the hole and added.
  const hidden = crop(count).map((value) => (value ? 1 : 0));
  const near = grown(hidden, [count, count], Math.max(round(RIM * count), 1));
  const rim = Float32Array.from(near, (value, i) => value - hidden[i]);
  if (rim.some((value) => value)) {
    const shown = extract(photo, region, count);
    const change = pullPush(colours.map((value, i) => shown[i] - value), rim, count);
    for (let i = 0; i < colours.length; i++) colours[i] += change[i];
  }
  return colours.map((value) => Math.min(Math.max(value, 0), 255));
}

/**
 * The photo with its hole filled: RGBA of the rectangle `window`.
 *
 * `photo`: RGBA of the rectangle `around`, as the masks `pending`, what has to be replaced, and `avoid`, what must not be
 * copied; `near`: outside it nothing needs a fill now; `colours`: the result of `restored`; `seed`: of the patches;
 * `stays`: the share of the photo that stays, from 0 to 255 over the window.
 */
export function filled({ photo, around, near, window, hole, pending, avoid, colours, seed, stays }) {
  const { region, weights, count } = hole;
  const unknown = new Uint8Array(pending.length);
  for (let y = near.y - around.y; y < near.y - around.y + near.height; y++) {
    const from = y * around.width + near.x - around.x, to = from + near.width;
    unknown.set(pending.subarray(from, to), from);
  }
  const guide = (height, width) => {
    const row = enlarge(colours, count, 3, region, around, [height, width]), result = new Float32Array(3 * height * width);
    for (let y = 0; y < height; y++) row(y, result.subarray(3 * y * width, 3 * (y + 1) * width));
    return result;
  };
  const textured = unknown.includes(1) ? fill(photo, unknown, avoid, [around.height, around.width], guide, seed) : null;
  const result = new Uint8ClampedArray(4 * window.width * window.height).fill(255);
  const shares = enlarge(weights.map((weight) => Math.min(weight, WHOLE)), count, 1, region, window);
  const plain = enlarge(colours, count, 3, region, window);
  const share = new Float32Array(window.width), colour = new Float32Array(3 * window.width);
  for (let y = 0; y < window.height; y++) {
    shares(y, share);
    if (!textured) plain(y, colour);
    for (let x = 0; x < window.width; x++) {
      const to = 4 * (y * window.width + x), from = (window.y - around.y + y) * around.width + window.x - around.x + x;
      const staying = stays[y * window.width + x] / 255;
      const part = textured && !textured.there[from] ? 0 : (share[x] / WHOLE) * (1 - staying);
      for (let c = 0; c < 3; c++) {
        const old = photo[4 * from + c], made = textured ? textured.filled[4 * from + c] : colour[3 * x + c];
        result[to + c] = old + (made - old) * part;
      }
    }
  }
  return result;
}
