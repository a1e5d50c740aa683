// Fills of real texture: patches of the photo itself. As seigan_tf/compose/filling.py, which explains them.
//
// Photos are RGBA, Uint8ClampedArray [height, width, 4]; masks Uint8Array [height, width] of 0 and 1.

import { area, blur, grown, mean, reduceMask } from "./filters.js";
import { round } from "./geometry.js";
import { Field, RADIUS, Random, SIDE, placesOf } from "./patches.js";
import { interpolated, steps } from "./resample.js";

export const LONGEST = 256;
export const SHORTEST = 4;
export const FEWEST = 0.25;
export const GUIDE = 0.4;
export const PLACE = 10.0;
export const [ROUNDS, MOST] = [4, 16];
export const SOME = 0.01;
export const SOFT = 0.2;
export const FAINT = 1e-3;
export const BLUR = 3.0;

/**
 * Fill a hole with patches of the photo around it.
 *
 * `unknown`: the hole; `avoid`: more pixels that must not be copied; `guide(height, width)`: the first guess at that size,
 * Float32Array [height, width, 3]; `seed`: of the matches that are tried at random. Returns {filled, there}: the photo with
 * its hole filled, and the pixels that have a fill. Null if there is too little to copy.
 */
export function fill(photo, unknown, avoid, shape, guide, seed = 0) {
  const field = search(scenes(photo, unknown, avoid, shape, guide), seed);
  if (!field) return null;
  const result = copy(photo, shape, field);
  correct(result, shape, field);
  return result;
}

/** The field of the last of the scenes, which go from coarse to fine; null if there is too little to copy. */
export function search(scenes, seed) {
  const every = scenes.map((scene) => ({ ...scene, sources: sourcesOf(scene) }));
  if (tooFew(every.at(-1))) return null;
  const pairs = every.filter((pair) => !tooFew(pair));
  const random = new Random(seed);
  let field = null;
  pairs.forEach(({ image, unknown, sources, shape: [height, width] }, number) => {
    const earlier = field;
    const rounds = Math.min(ROUNDS << (pairs.length - 1 - number), MOST);
    field = new Field({
      image, unknown, sources, height, width, random,
      guide: blur(image, [height, width, 3], RADIUS),
      guideWeight: GUIDE,
      placeWeight: PLACE / lengthOf(unknown, width),
    });
    field.start(earlier);
    let reach = Math.max(height, width);
    if (!earlier) {
      field.search(4, reach);
    } else {
      reach = Math.max(reach >> 3, 2);
      field.vote();
      field.search(1, reach);
    }
    for (let repeat = 0; repeat < rounds; repeat++) {
      field.vote();
      field.search(repeat ? 1 : 2, reach);
    }
  });
  field.vote();
  return field;
}

const tooFew = ({ unknown, sources }) => count(sources) < Math.max(FEWEST * count(unknown), 1);

/** The photo at all scales, the coarsest first: {image, unknown, avoid, shape}, with the guide in the hole. */
export function scenes(photo, unknown, avoid, [height, width], guide) {
  const scale = Math.min(LONGEST / lengthOf(unknown, width), 1);
  const shape = [height, width].map((length) => Math.max(round(scale * length), 1));
  const image = Float32Array.from(area(photo, [height, width, 4], [...shape, 3], Uint8ClampedArray));
  const masks = [unknown, avoid].map((mask) => reduceMask(mask, [height, width], shape));
  const guess = guide(...shape);
  for (const pixel of placesOf(masks[0])) image.set(guess.subarray(3 * pixel, 3 * pixel + 3), 3 * pixel);
  const result = [{ image, unknown: masks[0], avoid: masks[1], shape }];
  for (;;) {
    const fine = result[0];
    if (lengthOf(fine.unknown, fine.shape[1]) <= SHORTEST || Math.min(...fine.shape) <= 8 * SIDE) return result;
    const coarse = half(fine);
    if (!count(coarse.unknown)) return result;
    result.unshift(coarse);
  }
}

/** A scene at half the size, its hole shrunk. */
function half({ image, unknown, avoid, shape }) {
  const smaller = shape.map((length) => Math.ceil(length / 2));
  const means = (values, channels) => area(mean(values, [...shape, channels], 1), [...shape, channels], [...smaller, channels]);
  const known = new Float32Array(unknown).map((value) => 1 - value), share = means(known, 1);
  const colours = means(image.map((value, i) => value * known[Math.floor(i / 3)]), 3);
  const guess = area(image, [...shape, 3], [...smaller, 3]);
  const hidden = new Uint8Array(share.map((value) => (value < SOME ? 1 : 0)));
  return {
    image: guess.map((value, i) => {
      const pixel = Math.floor(i / 3);
      return hidden[pixel] ? value : colours[i] / share[pixel];
    }),
    unknown: hidden,
    avoid: reduceMask(avoid.map((value, i) => (unknown[i] ? 0 : value)), shape, smaller),
    shape: smaller,
  };
}

/** Centres of patches that may be copied: 0 or 1. */
function sourcesOf({ unknown, avoid, shape: [height, width] }) {
  const result = grown(unknown.map((value, i) => value | avoid[i]), [height, width], RADIUS);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = y >= RADIUS && x >= RADIUS && y < height - RADIUS && x < width - RADIUS;
      result[y * width + x] = inside && !result[y * width + x] ? 1 : 0;
    }
  }
  return result;
}

/** Long side of the bounding box of a mask. */
function lengthOf(mask, width) {
  let [left, right, top, bottom] = [width, -1, -1, -1];
  mask.forEach((value, place) => {
    if (!value) return;
    const x = place % width;
    bottom = Math.floor(place / width);
    if (top < 0) top = bottom;
    if (x < left) left = x;
    if (x > right) right = x;
  });
  return Math.max(bottom - top, right - left) + 1;
}

/** Copy pixels of the photo to the patches of the field; between the offsets of nine they are mixed. */
export function copy(photo, [height, width], field) {
  const down = field.height / height, across = field.width / width;
  const moveY = field.matchY.map((match, patch) => round((match - field.y[patch]) / down));
  const moveX = field.matchX.map((match, patch) => round((match - field.x[patch]) / across));
  const near = (limit, step) => Int32Array.from({ length: limit }, (_, i) => Math.trunc((i + 0.5) * step));
  const [rows, columns] = [near(height, down), near(width, across)];
  const filled = photo.slice(), there = new Uint8Array(height * width);
  // The three patches nearest to a pixel of the photo in one direction, and their weights relative to the middle one's.
  const nearest = (pixel, step) => {
    const at = (pixel + 0.5) * step - 0.5, middle = Math.floor(at + 0.5), off = (near) => (near - at) ** 2;
    return [middle - 1, middle, middle + 1].map((near) => [near, Math.exp((off(middle) - off(near)) / (2 * SOFT * step))]);
  };
  const beside = Array.from({ length: width }, (_, x) => nearest(x, across));
  for (let y = 0; y < height; y++) {
    const over = nearest(y, down);
    for (let x = 0; x < width; x++) {
      if (field.index[rows[y] * field.width + columns[x]] < 0) continue;
      const place = y * width + x;
      let red = 0, green = 0, blue = 0, norm = 0;
      there[place] = 1;
      for (let near = 0; near < 9; near++) {
        const [row, high] = over[Math.trunc(near / 3)], [column, wide] = beside[x][near % 3], weight = high * wide;
        if (weight <= FAINT) continue;
        const patch = field.index[between(row, field.height) * field.width + between(column, field.width)];
        if (patch < 0) continue;
        const from = (y + moveY[patch]) * width + x + moveX[patch];
        red += weight * photo[4 * from];
        green += weight * photo[4 * from + 1];
        blue += weight * photo[4 * from + 2];
        norm += weight;
      }
      filled[4 * place] = red / norm;
      filled[4 * place + 1] = green / norm;
      filled[4 * place + 2] = blue / norm;
    }
  }
  return { filled, there };
}

/** Exchange the slowly varying colours of the pixels `there` for those of the field's image, in place. */
export function correct({ filled, there }, [height, width], field) {
  const shape = [field.height, field.width, 3];
  const small = area(filled, [height, width, 4], shape, Uint8ClampedArray);
  const difference = blur(field.image.map((value, i) => value - small[i]), shape, BLUR);
  const changes = interpolated(
    difference, field.width, 3, steps(0, width, width, field.width), steps(0, height, height, field.height));
  const change = new Float32Array(3 * width);
  for (let y = 0; y < height; y++) {
    changes(y, change);
    for (let x = 0; x < width; x++) {
      const place = y * width + x;
      if (!there[place]) continue;
      for (let c = 0; c < 3; c++) filled[4 * place + c] += change[3 * x + c];
    }
  }
}

const count = (mask) => mask.reduce((sum, value) => sum + value, 0);
const between = (index, length) => Math.min(Math.max(index, 0), length - 1);
