// Masks of crops: dilation, extent in the photo.

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
