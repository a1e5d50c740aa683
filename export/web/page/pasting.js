// Pasting a cut-out on another photo, with the enhancer's change of light and colour at full size.
// As seigan_tf/compose/pasting.py.

import { newCanvas } from "./canvas.js";
import { mean } from "./filters.js";
import { overlap, round } from "./geometry.js";
import { enlarge, extract, grey, toUnit } from "./resample.js";

const [RADIUS, NOISE, STEEPEST] = [1 / 8, 100, 0.5];

/**
 * The cut-out of an object at its place in another photo, scaled by the browser: {canvas, pixels, alpha, window, box}.
 *
 * `box`: the object's box in that photo; `window`: the rectangle of the photo that the cut-out covers; `pixels`: its RGBA
 * there, `alpha` their alpha alone. Null if it lies outside the photo.
 */
export function place({ canvas, rectangle, box: own }, box, photo) {
  const scale = box.width / own.width;
  const full = {
    x: round(box.x + (rectangle.x - own.x) * scale),
    y: round(box.y + (rectangle.y - own.y) * scale),
    width: Math.max(round(rectangle.width * scale), 1),
    height: Math.max(round(rectangle.height * scale), 1),
  };
  const window = overlap(full, photo.bounds);
  if (!window) return null;
  const part = newCanvas(window.width, window.height), context = part.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(canvas, full.x - window.x, full.y - window.y, full.width, full.height);
  const pixels = context.getImageData(0, 0, window.width, window.height).data, alpha = new Uint8Array(pixels.length / 4);
  for (let i = 0; i < alpha.length; i++) alpha[i] = pixels[4 * i + 3];
  return { canvas: part, pixels, alpha, window, box };
}

/**
 * Lay an object that is placed on a photo there, harmonised by the enhancer; nothing else changes.
 *
 * `region`: the crop square around its box. Returns a function that undoes it.
 */
export async function lay(models, photo, region, { canvas, pixels, alpha, window }) {
  const { size } = models, undo = photo.copy(window);
  photo.context.drawImage(canvas, window.x, window.y);
  const coarse = extract(photo, region, size);
  undo();
  const weight = extract(grey(alpha, window, photo), region, size).filter((_, i) => i % 3 === 0);
  const enhanced = await models.enhance(toUnit(coarse));
  const differences = enhanced.map((value, i) => (value + 1) * 127.5 - coarse[i]);
  const change = enlarge(fitAffine(coarse, differences, weight, size), size, 6, region, window);
  const functions = new Float32Array(6 * window.width);
  photo.edit(window, (data, from, y) => {
    change(y, functions);
    for (let x = 0; x < window.width; x++) {
      const share = alpha[y * window.width + x] / 255;
      if (!share) continue;
      for (let c = 0; c < 3; c++) {
        const harmonised = functions[6 * x + c] * pixels[4 * (y * window.width + x) + c] + functions[6 * x + 3 + c];
        const behind = data[from + 4 * x + c];
        data[from + 4 * x + c] = behind + share * (Math.min(Math.max(harmonised, 0), 255) - behind);
      }
    }
  });
  photo.refresh();
  return undo;
}

/**
 * Affine functions of each colour, fitted to its change around each pixel: [side, side, 6], factors and constants.
 *
 * `colours`: before the change, [side, side, 3] from 0 to 255; `differences`: their change; `weight`: [side, side], 255 on
 * the object.
 */
export function fitAffine(colours, differences, weight, side) {
  const terms = new Float32Array(13 * side * side), result = new Float32Array(6 * side * side);
  for (let i = 0; i < side * side; i++) {
    const share = weight[i] / 255 + 1e-3; // some weight for the surroundings, far from the object
    terms[13 * i] = share;
    for (let c = 0; c < 3; c++) {
      const value = colours[3 * i + c], difference = differences[3 * i + c];
      terms.set([value * share, difference * share, value * value * share, value * difference * share], 13 * i + 1 + 4 * c);
    }
  }
  const means = mean(terms, [side, side, 13], Math.max(round(RADIUS * side), 1));
  for (let i = 0; i < side * side; i++) {
    for (let c = 0; c < 3; c++) {
      const [before, moved, square, product] = [1, 2, 3, 4].map((k) => means[13 * i + 4 * c + k] / means[13 * i]);
      const slope = (product - before * moved) / (Math.max(square - before * before, 0) + NOISE);
      const limited = Math.min(Math.max(slope, -STEEPEST), STEEPEST);
      result[6 * i + c] = 1 + limited;
      result[6 * i + 3 + c] = moved - limited * before;
    }
  }
  return result;
}
