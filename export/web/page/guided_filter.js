// The guided filter with a colour photo as guide, in its fast form (He, Sun, Tang, TPAMI 2013; He, Sun, 2015).
// As seigan_tf/compose/guided_filter.py.

import { mean } from "./filters.js";
import { dot, inverse, product } from "./linear.js";

/**
 * Affine functions of the guide's colours, fitted to `values` around each pixel: [side, side, 4], weights and a constant.
 *
 * `guide`: [side, side, 3] from 0 to 1; `radius`: of the windows, in pixels; `epsilon`: variance of the guide, in each
 * colour, below which there is no edge.
 */
export function affine(guide, values, side, radius, epsilon) {
  const count = side * side, terms = new Float32Array(13 * count), functions = new Float32Array(4 * count);
  for (let i = 0; i < count; i++) {
    const r = guide[3 * i], g = guide[3 * i + 1], b = guide[3 * i + 2], v = values[i];
    terms.set([r, g, b, v, r * v, g * v, b * v, r * r, r * g, r * b, g * g, g * b, b * b], 13 * i);
  }
  const means = mean(terms, [side, side, 13], radius);
  for (let i = 0; i < count; i++) {
    const [r, g, b, v, rv, gv, bv, rr, rg, rb, gg, gb, bb] = means.subarray(13 * i, 13 * (i + 1));
    const variance = [rr - r * r + epsilon, rg - r * g, rb - r * b, gg - g * g + epsilon, gb - g * b, bb - b * b + epsilon];
    const weights = product(inverse(variance).inverse, [rv - r * v, gv - g * v, bv - b * v]);
    functions.set([...weights, v - dot(weights, [r, g, b])], 4 * i);
  }
  return mean(functions, [side, side, 4], radius);
}

/** The value from 0 to 1 of the function at an index of `functions` for the colour, from 0 to 1, at one of `colours`. */
export function applied(functions, at, colours, from) {
  const value = functions[at] * colours[from] + functions[at + 1] * colours[from + 1] + functions[at + 2] * colours[from + 2];
  return Math.min(Math.max(value + functions[at + 3], 0), 1);
}
