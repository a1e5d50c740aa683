// GrabCut (Rother et al., SIGGRAPH 2004) as seigan_tf/inference/grabcut.py runs OpenCV's: one iteration from a mask.
//
// Each step is OpenCV's, random numbers included. The minimum cut is found by Dinic's algorithm.

import { dot, inverse, product } from "./linear.js";

/** Above it a mask is certainly object, and below 1 - SURE background. */
const SURE = 0.9;
/** Least number of pixels of the object, and of the background. */
const NEEDED = 8;
/** Number of Gaussians of a colour model, rounds of k-means, and starts that are tried for a cluster. */
const [COMPONENTS, ROUNDS, TRIALS] = [5, 9, 3];
/** Cost of an edge between equal colours. */
const GAMMA = 50;

/**
 * A soft mask [side, side] whose uncertain pixels are decided by colour: 0 or 1.
 *
 * `pixels`: RGB [side, side, 3] from 0 to 255. The mask itself, if object or background have fewer than NEEDED pixels.
 */
export function fromMask(pixels, mask, side) {
  const isObject = Uint8Array.from(mask, (value) => (value > 0.5 ? 1 : 0));
  const open = Uint8Array.from(mask, (value) => (value > SURE || value < 1 - SURE ? 0 : 1));
  const members = [0, 1].map((kind) => Int32Array.from(isObject.keys()).filter((i) => isObject[i] === kind));
  if (Math.min(...members.map(({ length }) => length)) < NEEDED) return mask;
  const random = generator();
  const [background, object] = members.map((places) => {
    const first = new Mixture(pixels, places, clusters(pixels, places, random));
    return new Mixture(pixels, places, places.map((i) => first.likeliest(pixels, i)));
  });
  const terminal = Float64Array.from(open, (isOpen, i) => (isOpen
    ? Math.log(Math.max(object.density(pixels, i), Number.MIN_VALUE) / Math.max(background.density(pixels, i), Number.MIN_VALUE))
    : 0));
  const steps = [1, -1, side, -side, side + 1, -side - 1, side - 1, 1 - side];
  const capacity = edges(pixels, side, steps, isObject, open, terminal);
  const reached = cut(capacity, terminal, steps);
  return Float32Array.from(isObject, (value, i) => (open[i] ? reached[i] : value));
}

const distance = (pixels, i, [r, g, b]) => (pixels[3 * i] - r) ** 2 + (pixels[3 * i + 1] - g) ** 2 + (pixels[3 * i + 2] - b) ** 2;
const colour = (pixels, i) => [pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2]];

/** OpenCV's random numbers for the seed 0. */
function generator() {
  let state = 0xffffffffn;
  const next = () => {
    state = (state & 0xffffffffn) * 4164903690n + (state >> 32n);
    return state & 0xffffffffn;
  };
  return {
    below: (count) => Number(next() % BigInt(count)),
    uniform: () => Number((next() << 32n) | next()) / 2 ** 64,
  };
}

/** The cluster of each of the pixels `places`, by k-means from the centres of k-means++. An empty cluster stays so. */
function clusters(pixels, places, random) {
  let centres = starts(pixels, places, random), labels;
  for (let round = 0; round < ROUNDS; round++) {
    if (round) {
      const sums = centres.map(() => [0, 0, 0, 0]);
      places.forEach((i, k) => {
        const sum = sums[labels[k]];
        for (let c = 0; c < 3; c++) sum[c] += pixels[3 * i + c];
        sum[3]++;
      });
      centres = sums.map(([r, g, b, count], k) => (count ? [r / count, g / count, b / count] : centres[k]));
    }
    labels = places.map((i) => nearest(pixels, i, centres));
  }
  return labels;
}

function nearest(pixels, i, centres) {
  let best = 0, least = Infinity;
  for (let k = 0; k < centres.length; k++) {
    const away = distance(pixels, i, centres[k]);
    if (away < least) {
      best = k;
      least = away;
    }
  }
  return best;
}

/** The first centres: each, of three that are drawn with probabilities like squared distances, the one that leaves least. */
function starts(pixels, places, random) {
  const centres = [colour(pixels, places[random.below(places.length)])];
  let away = Float64Array.from(places, (i) => distance(pixels, i, centres[0]));
  const total = (values) => values.reduce((sum, value) => sum + value, 0);
  while (centres.length < COMPONENTS) {
    const sum = total(away);
    let best = null;
    for (let trial = 0; trial < TRIALS; trial++) {
      let rest = random.uniform() * sum, k = 0;
      while (k < places.length - 1 && (rest -= away[k]) > 0) k++;
      const centre = colour(pixels, places[k]);
      const left = away.map((value, j) => Math.min(value, distance(pixels, places[j], centre)));
      const cost = total(left);
      if (!best || cost < best.cost) best = { centre, left, cost };
    }
    centres.push(best.centre);
    away = best.left;
  }
  return centres;
}

/** A mixture of Gaussians of colours, from pixels with labels. */
class Mixture {
  constructor(pixels, places, labels) {
    const sums = Array.from({ length: COMPONENTS }, () => new Float64Array(10));
    places.forEach((i, k) => {
      const [r, g, b] = colour(pixels, i);
      [1, r, g, b, r * r, r * g, r * b, g * g, g * b, b * b].forEach((value, j) => { sums[labels[k]][j] += value; });
    });
    this.parts = sums.map(([count, ...rest]) => {
      const [r, g, b, rr, rg, rb, gg, gb, bb] = rest.map((sum) => sum / count);
      const covariance = [rr - r * r, rg - r * g, rb - r * b, gg - g * g, gb - g * b, bb - b * b];
      if (inverse(covariance).determinant <= 1e-6) for (const k of [0, 3, 5]) covariance[k] += 0.01; // singular
      return { share: count / places.length, mean: [r, g, b], ...inverse(covariance) };
    });
  }

  #densityOf({ share, mean, determinant, inverse: matrix }, [r, g, b]) {
    if (!share) return 0;
    const difference = [r - mean[0], g - mean[1], b - mean[2]];
    return Math.exp(-0.5 * dot(difference, product(matrix, difference))) / Math.sqrt(determinant);
  }

  density(pixels, i) {
    const at = colour(pixels, i);
    return this.parts.reduce((sum, part) => sum + part.share * this.#densityOf(part, at), 0);
  }

  /** Number of the Gaussian with the highest density, without regard to its share. */
  likeliest(pixels, i) {
    const at = colour(pixels, i), densities = this.parts.map((part) => this.#densityOf(part, at));
    return densities.indexOf(Math.max(...densities));
  }
}

/** Capacities between open pixels and their eight neighbours [., 8]; those to certain ones are added to `terminal`. */
function edges(pixels, side, steps, isObject, open, terminal) {
  const pairs = [];
  let sum = 0;
  for (let i = 0; i < side * side; i++) {
    const x = i % side, inside = [x + 1 < side, true, x + 1 < side, x > 0];
    for (let k = 0; k < 4; k++) {
      const j = i + steps[2 * k];
      if (!inside[k] || j >= side * side) continue;
      const squared = distance(pixels, i, colour(pixels, j));
      sum += squared;
      if (open[i] || open[j]) pairs.push([i, j, k, squared]);
    }
  }
  const beta = sum ? (4 * side * side - 6 * side + 2) / (2 * sum) : 0, capacity = new Float64Array(8 * side * side);
  for (const [i, j, k, squared] of pairs) {
    const cost = (GAMMA / (k < 2 ? 1 : Math.SQRT2)) * Math.exp(-beta * squared);
    if (open[i] && open[j]) capacity[8 * i + 2 * k] = capacity[8 * j + 2 * k + 1] = cost;
    else if (open[i]) terminal[i] += isObject[j] ? cost : -cost;
    else terminal[j] += isObject[i] ? cost : -cost;
  }
  return capacity;
}

/**
 * The source's side of the minimum cut: Uint8Array, 1 or 0.
 *
 * `terminal`: capacity from the source, if above 0, or to the sink; `capacity`: [., 8] along `steps`, of which each has its
 * reverse beside it. Both change.
 */
function cut(capacity, terminal, steps) {
  const level = new Int32Array(terminal.length), queue = new Int32Array(terminal.length), next = new Uint8Array(terminal.length);
  for (;;) {
    level.fill(-1);
    let end = 0, sinks = 0;
    const reach = (i, away) => {
      level[i] = away;
      queue[end++] = i;
    };
    terminal.forEach((value, i) => { if (value > 0) reach(i, 0); });
    const sources = queue.slice(0, end);
    for (let start = 0; start < end; start++) {
      const i = queue[start];
      if (terminal[i] < 0) sinks++;
      for (let k = 0; k < 8; k++) {
        const j = i + steps[k];
        if (capacity[8 * i + k] > 0 && level[j] < 0) reach(j, level[i] + 1);
      }
    }
    if (!sinks) return Uint8Array.from(level, (value) => (value < 0 ? 0 : 1));
    next.fill(0);
    for (const source of sources) push(source);
  }

  /** Send flow from a source to sinks along edges that lead one level on, until there is no more way or flow. */
  function push(source) {
    const path = []; // edges, 8 i + k
    let i = source;
    while (terminal[source] > 0) {
      if (terminal[i] < 0) {
        const flow = path.reduce((least, edge) => Math.min(least, capacity[edge]), Math.min(terminal[source], -terminal[i]));
        terminal[source] -= flow;
        terminal[i] += flow;
        for (const edge of path) {
          capacity[edge] -= flow;
          capacity[8 * ((edge >> 3) + steps[edge & 7]) + ((edge & 7) ^ 1)] += flow;
        }
        path.length = 0;
        i = source;
      } else if (next[i] < 8) {
        const edge = 8 * i + next[i], j = i + steps[next[i]];
        if (capacity[edge] > 0 && level[j] === level[i] + 1) {
          path.push(edge);
          i = j;
        } else next[i]++;
      } else if (path.length) {
        i = path.pop() >> 3;
        next[i]++;
      } else return;
    }
  }
}
