// Nearest-neighbour fields of patches, and images made from them. As seigan_tf/compose/patches.py, which explains them.
//
// Images are Float32Array [height, width, 3] from 0 to 255, masks Uint8Array [height, width] of 0 and 1.

import { alongColumns, alongRows, distances, grown, mirror } from "./filters.js";
import { round } from "./geometry.js";

export const RADIUS = 3;
export const SIDE = 2 * RADIUS + 1;
export const STEPS = [8, 4, 2, 1];
export const NEIGHBOURS = [[0, 1], [1, 0], [0, -1], [-1, 0]];
export const [DECAY, DEEPEST] = [5.0, 40];
export const LOYAL = 0.75;
export const SHARP = 3.0;
export const LEAST = 1e-60;

/** The lowest five functions of the orthonormal discrete cosine transform of a patch's row. */
const COSINES = [0, 1, 2, 3, 4].map((order) => Float64Array.from({ length: SIDE }, (_, i) =>
  Math.sqrt((order ? 2 : 1) / SIDE) * Math.cos((Math.PI * (i + 0.5) * order) / SIDE)));
/** Brightness and two orthonormal axes of colour, each with the orders of the transform, down and across, that count. */
const AXES = [
  { colour: [1, 1, 1].map((part) => part / Math.sqrt(3)), orders: [] },
  { colour: [1, 0, -1].map((part) => part / Math.sqrt(2)), orders: [[0, 0], [0, 1], [1, 0]] },
  { colour: [1, -2, 1].map((part) => part / Math.sqrt(6)), orders: [[0, 0], [0, 1], [1, 0]] },
];
for (let down = 0; down < 5; down++) for (let across = 0; across < 5 - down; across++) AXES[0].orders.push([down, across]);
const FEATURES = AXES.reduce((count, { orders }) => count + orders.length, 0);

/** The random numbers of Python's class of the same name. */
export class Random {
  constructor(seed) { this.draw = 1000003 * seed; }

  /** `count` integers in [0, limit): Int32Array. */
  below(limit, count) {
    this.draw += 1;
    const offset = Math.imul(this.draw, 0x9e3779b9);
    return new Int32Array(count).map((_, i) => {
      let x = (i + offset) | 0;
      x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
      x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
      x ^= x >>> 16;
      return Math.floor(((x >>> 8) * limit) / 2 ** 24);
    });
  }
}

/** The patches that touch a hole, and a match for each. */
export class Field {
  /** `sources`: centres of patches that may be copied; the others as in Python. */
  constructor({ image, unknown, sources, guide, guideWeight, placeWeight, height, width, random }) {
    Object.assign(this, { image, unknown, sources, height, width, random });
    const touched = grown(unknown, [height, width], RADIUS);
    /** Places of the patches' centres, as y * width + x. */
    this.places = placesOf(touched);
    this.count = this.places.length;
    /** Number of the patch at each pixel, -1 for none. */
    this.index = new Int32Array(height * width).fill(-1);
    this.places.forEach((place, patch) => { this.index[place] = patch; });
    this.matchY = new Int32Array(this.count);
    this.matchX = new Int32Array(this.count);
    this.costs = new Float32Array(this.count);
    this.pixels = placesOf(unknown);
    // Outside the image everything is known.
    const wide = width + 2, padded = new Uint8Array((height + 2) * wide);
    const outer = (place) => (Math.floor(place / width) + 1) * wide + (place % width) + 1;
    for (const pixel of this.pixels) padded[outer(pixel)] = 1;
    const depth = distances(padded, [height + 2, wide]);
    this.confidence = Float64Array.from(this.places, (place) => DECAY ** -Math.min(depth[outer(place)], DEEPEST));
    const fixed = [
      (place) => placeWeight * Math.floor(place / width),
      (place) => placeWeight * (place % width),
      ...(guideWeight ? [0, 1, 2].map((c) => (place) => guideWeight * guide[3 * place + c]) : []),
    ];
    const size = FEATURES + fixed.length;
    this.size = size;
    this.features = new Float32Array(height * width * size);
    patchFeatures(image, height, width, this.features, size);
    for (let place = 0; place < height * width; place++) {
      fixed.forEach((value, k) => { this.features[place * size + FEATURES + k] = value(place); });
    }
    this.wanted = new Float32Array(this.count * size);
    this.places.forEach((place, patch) => {
      this.wanted.set(this.features.subarray(place * size, (place + 1) * size), patch * size);
    });
    // The part of the image that the patches cover.
    const rows = this.places.map((place) => Math.floor(place / width)), columns = this.places.map((place) => place % width);
    [this.y, this.x] = [rows, columns];
    const low = (values) => Math.max(values.reduce((a, b) => Math.min(a, b)) - RADIUS, 0);
    const high = (values, limit) => Math.min(values.reduce((a, b) => Math.max(a, b)) + 1 + RADIUS, limit);
    this.part = { top: low(rows), left: low(columns), bottom: high(rows, height), right: high(columns, width) };
  }

  /** Take over the matches of a coarser field; patches without a usable one get random ones. */
  start(earlier) {
    const sources = placesOf(this.sources), drawn = this.random.below(sources.length, this.count);
    for (let patch = 0; patch < this.count; patch++) {
      let y = Math.floor(sources[drawn[patch]] / this.width), x = sources[drawn[patch]] % this.width;
      if (earlier) {
        const down = earlier.height / this.height, across = earlier.width / this.width;
        const row = Math.min(Math.trunc(this.y[patch] * down), earlier.height - 1);
        const column = Math.min(Math.trunc(this.x[patch] * across), earlier.width - 1);
        const other = earlier.index[row * earlier.width + column];
        if (other >= 0) {
          const nearY = this.y[patch] + round((earlier.matchY[other] - row) / down);
          const nearX = this.x[patch] + round((earlier.matchX[other] - column) / across);
          if (this.#allowed(nearY, nearX)) [y, x] = [nearY, nearX];
        }
      }
      [this.matchY[patch], this.matchX[patch]] = [y, x];
    }
  }

  /** Improve the matches, at random up to `reach` pixels around them, for what the image shows in the hole now. */
  search(rounds, reach) {
    this.#look();
    const { count, y, x, height, width } = this;
    for (let patch = 0; patch < count; patch++) {
      this.costs[patch] = this.#cost(this.matchY[patch], this.matchX[patch], patch);
    }
    for (let turn = 0; turn < rounds; turn++) {
      for (const step of STEPS) {
        for (const [down, across] of NEIGHBOURS) {
          // All patches try at once: what they take is not seen by others before the next step.
          const [fromY, fromX] = [this.matchY.slice(), this.matchX.slice()];
          for (let patch = 0; patch < count; patch++) {
            const row = y[patch] + step * down, column = x[patch] + step * across;
            if (row < 0 || column < 0 || row >= height || column >= width) continue;
            const other = this.index[row * width + column];
            if (other >= 0) this.#try(fromY[other] - step * down, fromX[other] - step * across, patch);
          }
        }
      }
      for (let radius = reach; radius >= 1; radius >>= 1) {
        const [moveY, moveX] = [0, 1].map(() => this.random.below(2 * radius + 1, count));
        for (let patch = 0; patch < count; patch++) {
          const row = this.matchY[patch] + moveY[patch] - radius, column = this.matchX[patch] + moveX[patch] - radius;
          this.#try(row, column, patch, LOYAL);
        }
      }
    }
  }

  /** Make the image in the hole from the matches. */
  vote() {
    const { width, height, image, index } = this, spread = Math.max(percentile(this.costs, 0.75), 1);
    const weights = this.confidence.map((confidence, patch) =>
      Math.max(confidence * Math.exp((-SHARP * this.costs[patch]) / spread), LEAST));
    const result = image.slice();
    for (const pixel of this.pixels) {
      const row = Math.floor(pixel / width), column = pixel % width;
      let red = 0, green = 0, blue = 0, norm = 0;
      for (let down = -RADIUS; down <= RADIUS; down++) {
        if (row - down < 0 || row - down >= height) continue;
        for (let across = -RADIUS; across <= RADIUS; across++) {
          if (column - across < 0 || column - across >= width) continue;
          const patch = index[(row - down) * width + column - across];
          if (patch < 0) continue;
          const from = 3 * ((this.matchY[patch] + down) * width + this.matchX[patch] + across), weight = weights[patch];
          red += weight * image[from];
          green += weight * image[from + 1];
          blue += weight * image[from + 2];
          norm += weight;
        }
      }
      [result[3 * pixel], result[3 * pixel + 1], result[3 * pixel + 2]] = [red / norm, green / norm, blue / norm];
    }
    this.image = result;
  }

  /** Read the patches of the hole anew. */
  #look() {
    const { top, left, bottom, right } = this.part, wide = right - left, tall = bottom - top;
    const image = new Float32Array(3 * tall * wide);
    for (let y = 0; y < tall; y++) {
      const from = 3 * ((top + y) * this.width + left);
      image.set(this.image.subarray(from, from + 3 * wide), 3 * y * wide);
    }
    const features = new Float32Array(tall * wide * FEATURES);
    patchFeatures(image, tall, wide, features, FEATURES);
    for (let patch = 0; patch < this.count; patch++) {
      const from = FEATURES * ((this.y[patch] - top) * wide + this.x[patch] - left);
      for (let k = 0; k < FEATURES; k++) this.wanted[patch * this.size + k] = features[from + k];
    }
  }

  /** A patch takes another match if that costs less than that part of its cost now. */
  #try(y, x, patch, part = 1) {
    if (!this.#allowed(y, x) || (y === this.matchY[patch] && x === this.matchX[patch])) return;
    const cost = this.#cost(y, x, patch);
    if (cost >= part * this.costs[patch]) return;
    this.costs[patch] = cost;
    this.matchY[patch] = y;
    this.matchX[patch] = x;
  }

  #allowed(y, x) {
    return y >= 0 && x >= 0 && y < this.height && x < this.width && this.sources[y * this.width + x] === 1;
  }

  /** Squared difference of the features of a patch and of a place. */
  #cost(y, x, patch) {
    const { features, wanted, size } = this, from = (y * this.width + x) * size, to = patch * size;
    let sum = 0;
    for (let k = 0; k < size; k++) {
      const difference = features[from + k] - wanted[to + k];
      sum += difference * difference;
    }
    return Math.fround(sum);
  }
}

/** Write the features of the patch around each pixel, borders mirrored, to the first of each `size` values of `result`. */
export function patchFeatures(image, height, width, result, size) {
  const shape = [height, width, 1], plane = new Float32Array(height * width);
  let number = 0;
  for (const { colour, orders } of AXES) {
    for (let i = 0; i < plane.length; i++) {
      plane[i] = colour[0] * image[3 * i] + colour[1] * image[3 * i + 1] + colour[2] * image[3 * i + 2];
    }
    const rows = COSINES.map((cosine, across) =>
      orders.some((order) => order[1] === across) && alongRows(plane, shape, cosine, mirror));
    for (const [down, across] of orders) {
      const filtered = alongColumns(rows[across], shape, COSINES[down], mirror);
      for (let i = 0; i < filtered.length; i++) result[i * size + number] = filtered[i] / SIDE;
      number++;
    }
  }
}

/** Indices at which a mask is not 0. */
export const placesOf = (mask) => {
  const result = new Int32Array(mask.reduce((count, value) => count + (value ? 1 : 0), 0));
  let number = 0;
  mask.forEach((value, place) => { if (value) result[number++] = place; });
  return result;
};

/** Value below which that part of the values lies, between two linearly. */
function percentile(values, part) {
  const sorted = values.slice().sort(), at = part * (sorted.length - 1), low = Math.floor(at);
  return sorted[low] + (at - low) * (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]);
}
