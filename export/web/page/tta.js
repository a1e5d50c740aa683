// Test-time augmentation: answers averaged over mirrored and turned crops. As seigan_tf/inference/tta.py.

/** Mean of the masks of a crop and of its mirror image: [S, S]. */
export async function segmentTta(models, image) {
  const from = places(models.size, 2); // its own inverse
  const mask = await models.segment(image), mirrored = await models.segment(moved(image, from, 3));
  return mask.map((value, i) => (value + mirrored[from[i]]) / 2);
}

/** Rows and columns by which each of the eight symmetries of a crop is shifted. */
const SHIFTS = [[0, 0], [7, -13], [-10, 8], [15, 2], [-4, -15], [13, 12], [-14, -7], [3, 14]];
/** The outer BORDER of an answer, relative to its side, counts LEAST; over the next one its weight grows to 1. */
const [BORDER, LEAST] = [1 / 32, 1e-3];

/**
 * Mean of the restored crop over the eight symmetries of a square, each with a shift of its own: [S, S, 3] in [-1, 1].
 *
 * It weakens the texture that an inpainter puts into every hole. The texture follows the noise, which is always the
 * same; without the shifts its eight symmetries would add up to a grid.
 */
export async function inpaintTta(models, image, mask) {
  const total = new Float32Array(image.length), count = new Float32Array(mask.length), weights = weightsOf(models.size);
  for (let way = 0; way < 8; way++) {
    const seen = [], from = places(models.size, way, SHIFTS[way], seen);
    const restored = await models.inpaint(moved(image, from, 3), moved(mask, from, 1));
    from.forEach((place, i) => {
      if (!seen[i]) return;
      count[place] += weights[i];
      for (let c = 0; c < 3; c++) total[3 * place + c] += weights[i] * restored[3 * i + c];
    });
    await new Promise((resolve) => { setTimeout(resolve); }); // the page reacts between two runs
  }
  return total.map((value, i) => value / count[Math.floor(i / 3)]);
}

/**
 * Weights [size, size] of the pixels of an answer.
 *
 * Inpainters draw lines along the border of a crop that cuts through the hole, so that pixels there hardly count.
 */
function weightsOf(size) {
  const ramp = (at) => Math.min(Math.max(Math.min(at, size - 1 - at) / (BORDER * size) - 1, LEAST), 1);
  return Float32Array.from({ length: size * size }, (_, i) => Math.min(ramp(i % size), ramp(Math.floor(i / size))));
}

/**
 * Where each pixel of a mirrored or turned square comes from: bit 0 swaps the axes, 1 and 2 reverse them.
 *
 * A square that is shifted [down, right] after that continues as its mirror image. `seen` gets true for each pixel that
 * is no such image.
 */
function places(size, way, [down, right] = [0, 0], seen = []) {
  const last = size - 1;
  const inside = (at) => last - Math.abs(last - (((at % (2 * last)) + 2 * last) % (2 * last)));
  return Int32Array.from({ length: size * size }, (_, i) => {
    const shifted = [(i % size) + right, Math.floor(i / size) + down];
    let [x, y] = shifted.map(inside);
    seen[i] = x === shifted[0] && y === shifted[1];
    if (way & 1) [x, y] = [y, x];
    return (way & 4 ? last - y : y) * size + (way & 2 ? last - x : x);
  });
}

function moved(values, from, channels) {
  const result = new Float32Array(values.length);
  from.forEach((place, i) => {
    for (let c = 0; c < channels; c++) result[channels * i + c] = values[channels * place + c];
  });
  return result;
}
