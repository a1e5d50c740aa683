// Resampling: crops to the networks' size, as in training, and maps back to the photo's pixels.

import { area } from "./filters.js";
import { mirrored, overlap, round } from "./geometry.js";

const STRIP = 2 ** 20; // pixels read from the photo at a time
const LARGEST_SIDE = 2 ** 13; // of a square that is taken from the photo as it is, as in seigan_tf/compose/geometry.py
const ONE = 2 ** 22; // 1 in Pillow's fixed-point numbers

/**
 * The region of a photo as RGB [size, size, 3] from 0 to 255, mirrored past the photo's border.
 *
 * Antialiased as by Pillow's LANCZOS with reducing_gap 3, to the last bit; the browsers' own resampling differs between
 * them. For a side above LARGEST_SIDE the photo is reduced first.
 */
export function extract(photo, region, size) {
  if (region.side > LARGEST_SIDE) [photo, region] = smaller(photo, region);
  const factor = Math.max(Math.floor(region.side / size / 3), 1);
  const reduced = reduce(photo, region, factor);
  const count = Math.ceil(region.side / factor);
  const weights = lanczos(region.side / factor, count, size);
  // Along rows, then along columns; 8 bits in between, as in Pillow.
  const narrow = along(reduced, count, weights, size, count * 3, 3, size * 3, 3);
  return along(narrow, size, weights, size, 3, size * 3, 3, size * 3);
}

/** Bytes as the networks see them: Float32Array, from -1 to 1. */
export const toUnit = (pixels) => new Float32Array(pixels).map((value) => value / 127.5 - 1);

/** Values over a rectangle of a photo, times `factor`, as a grey photo for `extract`; 0 outside the rectangle. */
export const grey = (values, rectangle, { width, height }, factor = 1) => ({
  width,
  height,
  read(x, y, wide, tall) {
    const result = new Uint8ClampedArray(4 * wide * tall);
    const part = overlap({ x, y, width: wide, height: tall }, rectangle);
    for (let row = 0; part && row < part.height; row++) {
      const from = (part.y - rectangle.y + row) * rectangle.width + part.x - rectangle.x;
      const to = (part.y - y + row) * wide + part.x - x;
      for (let column = 0; column < part.width; column++) {
        const value = values[from + column];
        if (value) result.fill(factor * value, 4 * (to + column), 4 * (to + column + 1));
      }
    }
    return result;
  },
});

/** The photo made smaller by areas, and the region in it, LARGEST_SIDE across. */
function smaller(photo, { x, y, side }) {
  const scale = LARGEST_SIDE / side, scaled = (length) => round(length * scale);
  const [width, height] = [photo.width, photo.height].map((length) => Math.max(scaled(length), 1));
  const whole = photo.read(0, 0, photo.width, photo.height);
  const pixels = area(whole, [photo.height, photo.width, 4], [height, width, 4], Uint8ClampedArray);
  const read = (left, top, wide, tall) => {
    const part = new Uint8ClampedArray(4 * wide * tall);
    for (let row = 0; row < tall; row++) {
      const from = 4 * ((top + row) * width + left);
      part.set(pixels.subarray(from, from + 4 * wide), 4 * row * wide);
    }
    return part;
  };
  return [{ width, height, read }, { x: scaled(x), y: scaled(y), side: LARGEST_SIDE }];
}

/** Means of factor x factor pixels of the region: RGB [n, n, 3] with n = side / factor, rounded up. */
function reduce(photo, region, factor) {
  const { side } = region;
  const columns = mirrored(region.x, side, photo.width);
  const rows = mirrored(region.y, side, photo.height);
  const count = Math.ceil(side / factor);
  const result = new Uint8ClampedArray(count * count * 3);
  const sums = new Float64Array(count * 3);
  const [left, right] = ends(columns);
  const height = Math.max(Math.floor(STRIP / (right - left) / factor), 1);
  for (let start = 0; start < count; start += height) {
    const strip = rows.subarray(start * factor, Math.min((start + height) * factor, side));
    const [top, bottom] = ends(strip);
    const data = photo.read(left, top, right - left, bottom - top);
    for (let y = 0; y < strip.length; y++) {
      if (y % factor === 0) sums.fill(0);
      const row = (strip[y] - top) * (right - left) - left;
      for (let x = 0; x < side; x++) {
        const from = (row + columns[x]) * 4, to = Math.floor(x / factor) * 3;
        sums[to] += data[from];
        sums[to + 1] += data[from + 1];
        sums[to + 2] += data[from + 2];
      }
      if (y % factor !== factor - 1 && y !== strip.length - 1) continue;
      const line = start + Math.floor(y / factor), tall = (y % factor) + 1;
      for (let x = 0; x < count; x++) {
        const area = Math.min(factor, side - x * factor) * tall;
        for (let c = 0; c < 3; c++) result[(line * count + x) * 3 + c] = mean(sums[x * 3 + c], area);
      }
    }
  }
  return result;
}

/** The mean of bytes from their sum, in Pillow's fixed-point numbers. */
function mean(sum, count) {
  const factor = Math.floor(Math.fround(2 ** 24 / count));
  return Math.floor(((sum + (count >> 1)) * factor) / 2 ** 24);
}

function ends(indices) {
  let low = indices[0], high = indices[0];
  for (const index of indices) {
    low = Math.min(low, index);
    high = Math.max(high, index);
  }
  return [low, high + 1];
}

/** Index of the first input and weights, in ONEs, of each of `size` outputs; `length` may be a little less than `count` inputs. */
function lanczos(length, count, size) {
  const scale = length / size, stretch = Math.max(scale, 1);
  const sinc = (x) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
  return Array.from({ length: size }, (_, index) => {
    const centre = (index + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - 3 * stretch + 0.5), 0);
    const last = Math.min(Math.trunc(centre + 3 * stretch + 0.5), count);
    const values = Array.from({ length: last - first }, (_, k) => {
      const x = (first + k - centre + 0.5) * (1 / stretch);
      return Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0;
    });
    const sum = values.reduce((total, value) => total + value, 0);
    return { first, values: values.map((value) => Math.sign(value) * Math.round(Math.abs(value / sum) * ONE)) };
  });
}

/** Apply weights along one axis of RGB pixels. `line`: stride between lines, `step`: stride between pixels of a line. */
function along(pixels, lines, weights, size, line, step, resultLine, resultStep) {
  const result = new Uint8ClampedArray(lines * size * 3);
  for (let y = 0; y < lines; y++) {
    for (let x = 0; x < size; x++) {
      const { first, values } = weights[x];
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let k = 0; k < values.length; k++) sum += values[k] * pixels[y * line + (first + k) * step + c];
        result[y * resultLine + x * resultStep + c] = Math.floor(sum / ONE + 0.5);
      }
    }
  }
  return result;
}

/** Positions of `count` points, the middles of steps from `offset` on, among the `size` values of a map `side` long. */
export function steps(offset, count, side, size, step = 1) {
  const low = new Int32Array(count), share = new Float32Array(count);
  for (let index = 0; index < count; index++) {
    const at = Math.min(Math.max(((offset + (index + 0.5) * step) * size) / side - 0.5, 0), size - 1);
    low[index] = Math.min(Math.floor(at), Math.max(size - 2, 0));
    share[index] = at - low[index];
  }
  return { low, share, next: size > 1 ? 1 : 0 };
}

/**
 * Bilinear interpolation of a map over a region at the pixels of a rectangle, one row at a time.
 *
 * `map`: [size, size, channels] over the whole region. Returns a function that fills `row` [width, channels]. Instead of
 * the rectangle's pixels, `shape`, a height and a width, gives as many points that are spread evenly over it.
 */
export function enlarge(map, size, channels, region, rectangle, [height, width] = [rectangle.height, rectangle.width]) {
  const { side } = region;
  if (size > side) [map, size] = [area(map, [size, size, channels], [side, side, channels]), side];
  const across = steps(rectangle.x - region.x, width, side, size, rectangle.width / width);
  const down = steps(rectangle.y - region.y, height, side, size, rectangle.height / height);
  return interpolated(map, size, channels, across, down);
}

/** A function that fills `row` with values of a map [., width, channels] at steps across and the y-th step down. */
export function interpolated(map, width, channels, across, down) {
  return (y, row) => {
    const top = down.low[y] * width, bottom = top + down.next * width, lower = down.share[y];
    for (let x = 0; x < across.low.length; x++) {
      const left = across.low[x], right = left + across.next, later = across.share[x];
      for (let c = 0; c < channels; c++) {
        const above = map[(top + left) * channels + c] * (1 - later) + map[(top + right) * channels + c] * later;
        const below = map[(bottom + left) * channels + c] * (1 - later) + map[(bottom + right) * channels + c] * later;
        row[x * channels + c] = above * (1 - lower) + below * lower;
      }
    }
  };
}
