// Mask and colours of an object at the pixels of its photo, from its box. As seigan_tf/compose/matting.py.

import { pullPush, resize } from "./filters.js";
import { insideBox, round } from "./geometry.js";
import { fromMask } from "./grabcut.js";
import { affine, applied } from "./guided_filter.js";
import { inWorker } from "./in_worker.js";
import { enlarge, extract, toUnit } from "./resample.js";
import { segmentTta } from "./tta.js";

const [HAZE, SIDE, SMALLEST, ZOOM] = [0.05, 256, 16, 1.2];
const [RADIUS, EPSILON, SURE] = [0.02, 1e-4, 0.95];

/**
 * The mask of the object in a box, over its region: {low, count, functions, crop}.
 *
 * `low`: [count, count] from 0 to 1; `functions`: [count, count, 4], the mask as functions of the photo's colours, or null
 * without `edges`; `crop`: [count, count, 3] from 0 to 255. `image`: the crop at the networks' size, from -1 to 1.
 */
export async function matte(models, photo, image, box, region, edges) {
  const { size } = models, lookTwice = edges && region.side >= SMALLEST, count = lookTwice ? SIDE : size;
  const crop = lookTwice ? extract(photo, region, SIDE) : image.map((value) => (value + 1) * 127.5);
  let mask = await (lookTwice ? twoLooks(models, image, crop, box, region) : segment(models, image, box, region));
  const inside = insideBox(box, region, count);
  if (models.confineMask) mask = mask.map((value, i) => value * inside[i]);
  if (!lookTwice) return { low: mask, count, functions: null, crop };
  if (mask.some((value) => value > 0.5)) { // else it might find an object where the segmenter found none
    const better = await models.refine(toUnit(crop), mask.map((value, i) => value * inside[i]));
    mask = mask.map((value, i) => (inside[i] ? better[i] : value));
  }
  const guide = guideOf(crop), functions = await inWorker("refined", { crop, mask });
  return { low: mask.map((_, i) => withoutHaze(applied(functions, 4 * i, guide, 3 * i))), count, functions, crop };
}

/**
 * Decide the doubtful pixels of a mask [SIDE, SIDE] by colour: functions of the colours, [SIDE, SIDE, 4].
 *
 * `crop`: RGB [SIDE, SIDE, 3] from 0 to 255. It takes so long that it runs in a worker.
 */
export function refined({ crop, mask }) {
  return affine(guideOf(crop), fromMask(crop, mask, SIDE), SIDE, round(RADIUS * SIDE), EPSILON);
}

const guideOf = (crop) => new Float32Array(crop).map((value) => value / 255);

/**
 * The mean of the masks of a crop and of its middle, which the segmenter sees ZOOM times as large: [SIDE, SIDE].
 *
 * `image`: the crop at the networks' size, from -1 to 1; `crop`: RGB [SIDE, SIDE, 3]. The mask is not confined to the box.
 */
async function twoLooks(models, image, crop, box, region) {
  const { size } = models, side = round(SIDE / ZOOM), margin = Math.floor((SIDE - side) / 2);
  const result = resize(await segment(models, image, box, region), [size, size, 1], [SIDE, SIDE]);
  const middle = extract(pictureOf(crop), { x: margin, y: margin, side }, size), step = region.side / SIDE;
  const nearer = { x: region.x + margin * step, y: region.y + margin * step, side: side * step };
  const closer = await segment(models, toUnit(middle), box, nearer);
  resize(closer, [size, size, 1], [side, side]).forEach((value, i) => {
    const at = (margin + Math.floor(i / side)) * SIDE + margin + (i % side);
    result[at] = (result[at] + value) / 2;
  });
  return result;
}

/** The mean of the masks of a crop and of its mirror image, with less contrast outside the box for some networks. */
function segment(models, image, box, region) {
  if (!(models.outsideContrast < 1)) return segmentTta(models, image);
  const inside = insideBox(box, region, models.size);
  return segmentTta(models, image.map((value, i) => (inside[Math.floor(i / 3)] ? value : value * models.outsideContrast)));
}

/** A crop [SIDE, SIDE, 3] as a photo, for `extract`. */
const pictureOf = (crop) => ({
  width: SIDE,
  height: SIDE,
  read: (left, top, width, height) => new Uint8ClampedArray(4 * width * height).map((_, i) => {
    const pixel = Math.floor(i / 4), y = top + Math.floor(pixel / width), x = left + (pixel % width);
    return i % 4 === 3 ? 255 : crop[3 * (y * SIDE + x) + (i % 4)];
  }),
});

/** The object alone at the pixels of a rectangle: RGBA. At soft edges it has its own colours, without the background's. */
export function cutOut(photo, { low, count, functions, crop }, region, rectangle) {
  const { width, height } = rectangle, channels = functions ? 4 : 1;
  const row = enlarge(functions ?? low, count, channels, region, rectangle), values = new Float32Array(channels * width);
  const near = enlarge(estimates(crop, low, count), count, 6, region, rectangle), colours = new Float32Array(6 * width);
  const result = new Uint8ClampedArray(4 * width * height), colour = new Float32Array(3);
  photo.rows(rectangle, (data, from, y) => {
    row(y, values);
    near(y, colours);
    for (let x = 0; x < width; x++) {
      let alpha = values[x];
      if (functions) {
        for (let c = 0; c < 3; c++) colour[c] = data[from + 4 * x + c] / 255;
        alpha = applied(values, 4 * x, colour, 0);
      }
      alpha = withoutHaze(alpha);
      const to = 4 * (y * width + x);
      result[to + 3] = 255 * alpha;
      if (!result[to + 3]) continue;
      for (let c = 0; c < 3; c++) {
        const value = data[from + 4 * x + c], object = colours[6 * x + c], background = colours[6 * x + 3 + c];
        result[to + c] = alpha < 1 ? object + alpha * (value - alpha * object - (1 - alpha) * background) : value;
      }
    }
  });
  return result;
}

/** Colours of object and background around each pixel of a crop: [count, count, 6]. */
function estimates(crop, low, count) {
  const result = new Float32Array(6 * count * count), image = Float32Array.from(crop);
  [low, low.map((value) => 1 - value)].forEach((part, k) => {
    const least = Math.min(SURE, part.reduce((most, value) => Math.max(most, value), 0));
    const known = pullPush(image, part.map((value) => (value >= least ? 1 : 0)), count);
    known.forEach((value, i) => { result[6 * Math.floor(i / 3) + 3 * k + (i % 3)] = value; });
  });
  return result;
}

/** Values within HAZE of 0 or 1 become 0 or 1: filters leave a haze that shows on other backgrounds. */
const withoutHaze = (value) => Math.min(Math.max((value - HAZE) / (1 - 2 * HAZE), 0), 1);
