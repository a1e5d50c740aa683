// Which square of a photo the networks see, and what is where in it. The same rules as in training.
// Boxes are {x, y, width, height}, regions {x, y, side}, rectangles {x, y, width, height}; all in pixels of the photo.

/** Halves go to the even neighbour, as in Python. */
export function round(value) {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 ? low + 1 : low;
}

/** The square around a box: its centre, and the box's long side by `fraction` as side. It may reach past the photo. */
export function cropRegion(box, fraction) {
  const side = Math.max(round(Math.max(box.width, box.height) / fraction), 1);
  return { x: round(box.x + box.width / 2 - side / 2), y: round(box.y + box.height / 2 - side / 2), side };
}

/** 1 at the pixels of a size x size crop whose centre lies in the box, 0 elsewhere. */
export function insideBox(box, region, size) {
  const centre = (index) => ((index + 0.5) / size) * region.side;
  const [left, top] = [box.x - region.x, box.y - region.y];
  const mask = new Float32Array(size * size);
  for (let y = 0; y < size; y++) {
    if (centre(y) < top || centre(y) > top + box.height) continue;
    for (let x = 0; x < size; x++) {
      if (centre(x) >= left && centre(x) <= left + box.width) mask[y * size + x] = 1;
    }
  }
  return mask;
}

/** Indices start, start + 1, ... of an axis that is mirrored at both its ends again and again. */
export function mirrored(start, count, length) {
  return Int32Array.from({ length: count }, (_, offset) => {
    const index = (((start + offset) % (2 * length)) + 2 * length) % (2 * length);
    return Math.min(index, 2 * length - 1 - index);
  });
}

/** What two rectangles share, in whole pixels; null where they share nothing. */
export function overlap(first, second) {
  const x = Math.floor(Math.max(first.x, second.x)), y = Math.floor(Math.max(first.y, second.y));
  const right = Math.ceil(Math.min(first.x + first.width, second.x + second.width));
  const bottom = Math.ceil(Math.min(first.y + first.height, second.y + second.height));
  return right > x && bottom > y ? { x, y, width: right - x, height: bottom - y } : null;
}

/** Where the crop lands on a second photo whose object's box gets its corner at x, y and `width` wide. */
export function placed(box, fraction, { x, y, width }) {
  const scale = width / box.width;
  const landed = { x, y, width, height: box.height * scale };
  return { box: landed, region: cropRegion(landed, fraction) };
}
