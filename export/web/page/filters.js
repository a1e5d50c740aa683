// Filters of images and masks as OpenCV defines them; compared with it by tests/export/web.
//
// Images are arrays [height, width, channels], masks Uint8Array [height, width] of 0 and 1.

import { round } from "./geometry.js";

/**
 * Means over areas (INTER_AREA): the first `channels` of an image of `stride` channels, at a height and a width that are
 * at most its own.
 *
 * `Kind` is the type of the result; Uint8ClampedArray rounds.
 */
export function area(values, [height, width, stride], [newHeight, newWidth, channels], Kind = Float32Array) {
  const result = new Kind(newHeight * newWidth * channels);
  const columns = cells(width, newWidth), rows = cells(height, newHeight);
  const row = new Float64Array(newWidth * channels), sums = new Float64Array(newWidth * channels);
  let last = -1;
  for (let y = 0; y < newHeight; y++) {
    sums.fill(0);
    for (let j = rows.start[y]; j < rows.start[y + 1]; j++) {
      if (rows.source[j] !== last) {
        last = rows.source[j];
        row.fill(0);
        for (let x = 0; x < newWidth; x++) {
          for (let k = columns.start[x]; k < columns.start[x + 1]; k++) {
            const from = (last * width + columns.source[k]) * stride;
            for (let c = 0; c < channels; c++) row[x * channels + c] += columns.weight[k] * values[from + c];
          }
        }
      }
      for (let i = 0; i < sums.length; i++) sums[i] += rows.weight[j] * row[i];
    }
    result.set(sums, y * sums.length);
  }
  return result;
}

/** Inputs and weights of the mean over each of `count` cells of an axis; those of cell i begin at start[i]. */
function cells(length, count) {
  const scale = length / count, start = new Int32Array(count + 1), source = [], weight = [];
  for (let i = 0; i < count; i++) {
    const from = i * scale, to = from + scale, size = Math.min(scale, length - from);
    const last = Math.min(Math.floor(to), length - 1), first = Math.min(Math.ceil(from), last);
    const add = (index, share) => { source.push(index); weight.push(share / size); };
    // OpenCV leaves out parts of less than a thousandth.
    if (first - from > 1e-3) add(first - 1, first - from);
    for (let index = first; index < last; index++) add(index, 1);
    if (to - last > 1e-3) add(last, Math.min(to - last, 1, size));
    start[i + 1] = source.length;
  }
  return { start, source: Int32Array.from(source), weight: Float64Array.from(weight) };
}

/** A mask at a smaller size: 1 at every pixel that has a part of it. */
export function reduceMask(mask, [height, width], [newHeight, newWidth]) {
  return new Uint8Array(area(mask, [height, width, 1], [newHeight, newWidth, 1]).map((share) => (share > 0 ? 1 : 0)));
}

const LINEAR = (at) => [1 - at, at];
/** Cubic convolution with a = -0.75. */
const CUBIC = (at) => {
  const far = (x) => ((-0.75 * x + 3.75) * x - 6) * x + 3, near = (x) => (1.25 * x - 2.25) * x * x + 1;
  return [far(at + 1), near(at), near(1 - at), far(2 - at)];
};

/** An image at another size by interpolation between pixel centres, borders continued (INTER_LINEAR, INTER_CUBIC). */
export function resize(values, [height, width, channels], [newHeight, newWidth], cubic = false) {
  const kind = cubic ? CUBIC : LINEAR;
  const across = axis(values, [height, width, channels], newWidth, kind, { lines: height, line: width, step: 1 });
  return axis(across, [height, newWidth, channels], newHeight, kind, { lines: newWidth, line: 1, step: newWidth });
}

function axis(values, [height, width, channels], count, kind, { lines, line, step }) {
  const length = step === 1 ? width : height, scale = length / count;
  const result = new Float32Array(lines * count * channels);
  const newLine = step === 1 ? count : 1, newStep = step === 1 ? 1 : lines;
  for (let i = 0; i < count; i++) {
    const at = (i + 0.5) * scale - 0.5, low = Math.floor(at), weights = kind(at - low), first = low + 1 - weights.length / 2;
    const from = weights.map((_, k) => Math.min(Math.max(first + k, 0), length - 1) * step);
    for (let j = 0; j < lines; j++) {
      const to = (j * newLine + i * newStep) * channels;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++) sum += weights[k] * values[(j * line + from[k]) * channels + c];
        result[to + c] = sum;
      }
    }
  }
  return result;
}

/** Gaussian blur of a float image: kernel of OpenCV's size for that sigma, borders mirrored about the last pixel. */
export function blur(values, [height, width, channels], sigma) {
  const radius = round(sigma * 8 + 1) >> 1;
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, k) => Math.exp(-((k - radius) ** 2) / (2 * sigma ** 2)));
  const sum = kernel.reduce((total, value) => total + value, 0);
  for (let k = 0; k < kernel.length; k++) kernel[k] /= sum;
  const shape = [height, width, channels];
  return alongColumns(alongRows(values, shape, kernel, mirrorInside), shape, kernel, mirrorInside);
}

/** Means over squares of 2 radius + 1 pixels, borders mirrored. */
export function mean(values, shape, radius) {
  const kernel = new Float64Array(2 * radius + 1).fill(1 / (2 * radius + 1));
  return alongColumns(alongRows(values, shape, kernel, mirror), shape, kernel, mirror);
}

/** Correlation of every row with a kernel; `border` maps an index outside an axis of a length into it. */
export function alongRows(values, [height, width, channels], kernel, border) {
  const radius = kernel.length >> 1, result = new Float32Array(values.length);
  const places = Int32Array.from({ length: width + 2 * radius }, (_, i) => border(i - radius, width) * channels);
  const padded = new Float32Array(places.length * channels);
  for (let y = 0; y < height; y++) {
    const line = y * width * channels;
    for (let i = 0; i < places.length; i++) {
      for (let c = 0; c < channels; c++) padded[i * channels + c] = values[line + places[i] + c];
    }
    for (let i = 0; i < width * channels; i++) {
      let sum = 0;
      for (let k = 0; k < kernel.length; k++) sum += kernel[k] * padded[i + k * channels];
      result[line + i] = sum;
    }
  }
  return result;
}

/** Correlation of every column with a kernel. */
export function alongColumns(values, [height, width, channels], kernel, border) {
  const radius = kernel.length >> 1, length = width * channels, result = new Float32Array(values.length);
  const sums = new Float64Array(length);
  for (let y = 0; y < height; y++) {
    sums.fill(0);
    for (let k = 0; k < kernel.length; k++) {
      const from = border(y + k - radius, height) * length, weight = kernel[k];
      for (let i = 0; i < length; i++) sums[i] += weight * values[from + i];
    }
    result.set(sums, y * length);
  }
  return result;
}

/** BORDER_REFLECT: the border pixel is repeated, index -1 is index 0. */
export function mirror(index, length) {
  const place = ((index % (2 * length)) + 2 * length) % (2 * length);
  return Math.min(place, 2 * length - 1 - place);
}

/** BORDER_REFLECT_101: the border pixel is the axis, index -1 is index 1. */
function mirrorInside(index, length) {
  if (length === 1) return 0;
  const place = Math.abs(index) % (2 * length - 2);
  return Math.min(place, 2 * length - 2 - place);
}

/** A mask grown by `radius` pixels in a square: 0 or 1. */
export function grown(mask, [height, width], radius) {
  const pass = (from, length, lines, line, step) => {
    const result = new Uint8Array(from.length);
    for (let j = 0; j < lines; j++) {
      let until = -1; // first index that is not reached by what has been seen
      for (let i = -radius; i < length; i++) {
        const ahead = i + radius;
        if (ahead < length && from[j * line + ahead * step]) until = ahead + radius;
        if (i >= 0 && i <= until) result[j * line + i * step] = 1;
      }
    }
    return result;
  };
  return pass(pass(mask, width, height, width, 1), height, width, 1, width);
}

/** Distance of each pixel from the nearest one where `away` is 0, as OpenCV's DIST_L2 with a 5 x 5 mask (chamfer). */
export function distances(away, [height, width]) {
  const [straight, diagonal, knight] = [1, 1.4, 2.1969], far = 2 ** 20;
  const moves = [
    [-2, -1, knight], [-2, 1, knight], [-1, -2, knight], [-1, 2, knight],
    [-1, -1, diagonal], [-1, 1, diagonal], [-1, 0, straight], [0, -1, straight],
  ];
  const wide = width + 4, result = new Float32Array((height + 4) * wide).fill(far);
  const outer = (i) => (Math.floor(i / width) + 2) * wide + (i % width) + 2;
  const sweep = (direction) => {
    const steps = moves.map(([down, across]) => direction * (down * wide + across));
    for (let n = 0; n < height * width; n++) {
      const i = direction > 0 ? n : height * width - 1 - n, at = outer(i);
      if (!away[i]) result[at] = 0;
      else for (let k = 0; k < 8; k++) result[at] = Math.min(result[at], result[at + steps[k]] + moves[k][2]);
    }
  };
  sweep(1);
  sweep(-1);
  return new Float32Array(height * width).map((_, i) => result[outer(i)]);
}

/**
 * Continue an image [n, n, 3] that is known where `weights` [n, n] are above 0 smoothly to everywhere else.
 *
 * As seigan_tf/compose/pull_push.py.
 */
export function pullPush(values, weights, n) {
  const levels = [{ n, values: values.map((value, i) => value * weights[Math.floor(i / 3)]), weights }];
  while (levels.at(-1).n > 1) {
    const fine = levels.at(-1), half = Math.ceil(fine.n / 2);
    const coarse = area(fine.values, [fine.n, fine.n, 3], [half, half, 3]);
    const known = area(fine.weights, [fine.n, fine.n, 1], [half, half, 1]);
    const fuller = known.map((weight) => Math.min(4 * weight, 1));
    for (let i = 0; i < coarse.length; i++) {
      const pixel = Math.floor(i / 3);
      coarse[i] *= fuller[pixel] / Math.max(known[pixel], 1e-6);
    }
    levels.push({ n: half, values: coarse, weights: fuller });
  }
  let result = levels.at(-1).values.map((value) => value / Math.max(levels.at(-1).weights[0], 1e-6));
  for (let level = levels.length - 2; level >= 0; level--) {
    const { n: size, values: own, weights: known } = levels[level], { n: half } = levels[level + 1];
    const coarser = resize(result, [half, half, 3], [size, size]);
    result = own.map((value, i) => value + (1 - known[Math.floor(i / 3)]) * coarser[i]);
  }
  return blur(result, [n, n, 3], Math.max(n / 64, 0.5));
}
