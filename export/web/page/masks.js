// Masks between the segmenter and the photo: dilation, extent, and alpha channels at the photo's pixels.

import { extract, enlarge } from "./resample.js";

/** The mask binarised at 0.5 and dilated by `radius` pixels: [size, size], 0 or 1. */
export function dilated(mask, size, radius) {
  const spread = (values, step, line) => {
    const result = new Float32Array(size * size);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        if (!values[y * line + x * step]) continue;
        const last = Math.min(x + radius, size - 1);
        for (let k = Math.max(x - radius, 0); k <= last; k++) result[y * line + k * step] = 1;
      }
    }
    return result;
  };
  return spread(spread(mask.map((value) => (value > 0.5 ? 1 : 0)), 1, size), size, 1);
}

/** Rectangle of the photo in which a mask, enlarged over its region, is not 0; null for an empty mask. */
export function extent(mask, size, region) {
  let [left, top, right, bottom] = [size, size, -1, -1];
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      if (!mask[y * size + x]) continue;
      [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
    }
  }
  if (right < 0) return null;
  const step = region.side / size; // bilinear: a value reaches one step beyond its own pixel
  return {
    x: region.x + (left - 1) * step,
    y: region.y + (top - 1) * step,
    width: (right - left + 3) * step,
    height: (bottom - top + 3) * step,
  };
}

/**
 * The mask aligned with the edges of the photo: {alpha, low, count}.
 *
 * `alpha`: at the pixels of a rectangle, 0 to 255; `low`: over the region, [count, count] from 0 to 1.
 *
 * A guided filter (He, Sun, Tang, 2013) whose linear models are fitted on a small copy of the crop and applied to the
 * photo itself (fast guided filter, He and Sun, 2015), so that only one pass depends on the size of the photo.
 */
export function followEdges(photo, mask, size, region, rectangle) {
  const small = Math.min(region.side, Math.max(size, 256));
  const guide = Float32Array.from({ length: small * small });
  const pixels = extract(photo, region, small);
  for (let i = 0; i < guide.length; i++) guide[i] = brightness(pixels, i * 3);
  const wanted = new Float32Array(small * small), whole = { x: 0, y: 0, width: small, height: small };
  const row = enlarge(mask, size, 1, { x: 0, y: 0, side: small }, whole);
  for (let y = 0; y < small; y++) row(y, wanted.subarray(y * small, (y + 1) * small));
  const lines = fitted(guide, wanted, small, Math.max(Math.round((1.5 * small) / size), 1));
  const low = guide.map((value, i) => cleared(lines[2 * i] * value + lines[2 * i + 1], FITTED_VEIL));
  const line = enlarge(lines, small, 2, region, rectangle), values = new Float32Array(rectangle.width * 2);
  const alpha = new Uint8ClampedArray(rectangle.width * rectangle.height);
  eachRow(photo, rectangle, (data, from, y) => {
    line(y, values);
    for (let x = 0; x < rectangle.width; x++) {
      const value = values[2 * x] * brightness(data, from + 4 * x) + values[2 * x + 1];
      alpha[y * rectangle.width + x] = cleared(value, FITTED_VEIL) * 255;
    }
  });
  return { alpha, low, count: small };
}

/** The mask, bilinear and without a veil, as in compose/matting.py: {alpha, low, count} as of `followEdges`. */
export function smooth(mask, size, region, rectangle) {
  const alpha = new Uint8ClampedArray(rectangle.width * rectangle.height);
  const line = enlarge(mask, size, 1, region, rectangle), values = new Float32Array(rectangle.width);
  for (let y = 0; y < rectangle.height; y++) {
    line(y, values);
    for (let x = 0; x < rectangle.width; x++) alpha[y * rectangle.width + x] = cleared(values[x], VEIL) * 255;
  }
  return { alpha, low: mask, count: size };
}

/** Call `use(data, offset, y)` for each row of a rectangle of the photo; the pixels are read in strips. */
function eachRow(photo, rectangle, use) {
  const height = Math.max(Math.floor(2 ** 20 / rectangle.width), 1);
  for (let top = 0; top < rectangle.height; top += height) {
    const count = Math.min(height, rectangle.height - top);
    const { data } = photo.context.getImageData(rectangle.x, rectangle.y + top, rectangle.width, count);
    for (let y = 0; y < count; y++) use(data, y * rectangle.width * 4, top + y);
  }
}

const brightness = (data, at) => (0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2]) / 255;

/** Veils of masks; the fit to edges leaves a stronger one. */
const [VEIL, FITTED_VEIL] = [0.05, 0.1];

/** Values within `veil` of 0 or 1 become 0 or 1, because a faint veil shows on other backgrounds. */
const cleared = (value, veil) => Math.min(Math.max((value - veil) / (1 - 2 * veil), 0), 1);

/** Linear models wanted = a guide + b, fitted around each pixel: [side, side, 2]. */
function fitted(guide, wanted, side, radius) {
  const product = (first, second) => first.map((value, i) => value * second[i]);
  const mean = (values) => boxMean(values, side, radius);
  const guideMean = mean(guide), wantedMean = mean(wanted);
  const square = mean(product(guide, guide)), mixed = mean(product(guide, wanted));
  const slope = new Float32Array(guide.length), start = new Float32Array(guide.length);
  for (let i = 0; i < guide.length; i++) {
    slope[i] = (mixed[i] - guideMean[i] * wantedMean[i]) / (square[i] - guideMean[i] ** 2 + 1e-3);
    start[i] = wantedMean[i] - slope[i] * guideMean[i];
  }
  const lines = new Float32Array(2 * guide.length), a = mean(slope), b = mean(start);
  for (let i = 0; i < guide.length; i++) [lines[2 * i], lines[2 * i + 1]] = [a[i], b[i]];
  return lines;
}

/** Means over squares of 2 radius + 1 pixels, clipped at the border. */
function boxMean(values, side, radius) {
  const pass = (from, step, line) => {
    const result = new Float32Array(from.length);
    for (let y = 0; y < side; y++) {
      let sum = 0, count = 0;
      for (let x = -radius; x < side; x++) {
        if (x + radius < side) [sum, count] = [sum + from[y * line + (x + radius) * step], count + 1];
        if (x - radius - 1 >= 0) [sum, count] = [sum - from[y * line + (x - radius - 1) * step], count - 1];
        if (x >= 0) result[y * line + x * step] = sum / count;
      }
    }
    return result;
  };
  return pass(pass(values, 1, side), side, 1);
}
