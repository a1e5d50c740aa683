// Test-time augmentation: answers averaged over mirrored and turned crops. As seigan_tf/inference/tta.py.

/** Mean of the masks of a crop and of its mirror image: [S, S]. */
export async function segmentTta(models, image) {
  const from = places(models.size, 2); // its own inverse
  const mask = await models.segment(image), mirrored = await models.segment(moved(image, from, 3));
  return mask.map((value, i) => (value + mirrored[from[i]]) / 2);
}

/**
 * Mean of the restored crop over the eight symmetries of a square: [S, S, 3] in [-1, 1].
 *
 * It weakens the texture that an inpainter puts into every hole.
 */
export async function inpaintTta(models, image, mask) {
  const mean = new Float32Array(image.length);
  for (let way = 0; way < 8; way++) {
    const from = places(models.size, way);
    const restored = await models.inpaint(moved(image, from, 3), moved(mask, from, 1));
    from.forEach((place, i) => {
      for (let c = 0; c < 3; c++) mean[3 * place + c] += restored[3 * i + c] / 8;
    });
    await new Promise((resolve) => { setTimeout(resolve); }); // the page reacts between two runs
  }
  return mean;
}

/** Where each pixel of a mirrored or turned square comes from: bit 0 swaps the axes, 1 and 2 reverse them. */
function places(size, way) {
  const last = size - 1;
  return Int32Array.from({ length: size * size }, (_, i) => {
    let [x, y] = [i % size, Math.floor(i / size)];
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
