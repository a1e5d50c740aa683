// Geometry of crops: the rules of seigan_tf/data/crops.py, compared with it by tests/export/web.
// Boxes are {x, y, width, height}, regions {x, y, side}, rectangles {x, y, width, height}; all in pixels of the photo.

/** Round to integers, halves to the even neighbour, as in Python. */
export function round(value) {
  const low = Math.floor(value);
  if (value - low !== 0.5) return Math.round(value);
  return low % 2 ? low + 1 : low;
}

/** The square with the centre of a box, its side the box's long side / `fraction`; may reach past the photo. */
export function cropRegion(box, fraction) {
  const side = Math.max(round(Math.max(box.width, box.height) / fraction), 1);
  return { x: round(box.x + box.width / 2 - side / 2), y: round(box.y + box.height / 2 - side / 2), side };
}

/** Box mask [size, size] of a crop: 1 at pixels whose centre lies in the box, 0 elsewhere. */
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

/** Indices start, start + 1, ... of an axis that is mirrored at both ends, repeatedly. */
export function mirrored(start, count, length) {
  return Int32Array.from({ length: count }, (_, offset) => {
    const index = (((start + offset) % (2 * length)) + 2 * length) % (2 * length);
    return Math.min(index, 2 * length - 1 - index);
  });
}

/** Intersection of two rectangles, enlarged to whole pixels; null if it is empty. */
export function overlap(first, second) {
  const x = Math.floor(Math.max(first.x, second.x)), y = Math.floor(Math.max(first.y, second.y));
  const right = Math.ceil(Math.min(first.x + first.width, second.x + second.width));
  const bottom = Math.ceil(Math.min(first.y + first.height, second.y + second.height));
  return right > x && bottom > y ? { x, y, width: right - x, height: bottom - y } : null;
}

/** Box and region of an object on a second photo, with the box's corner at x, y and its width `width`. */
export function placed(box, fraction, { x, y, width }) {
  const scale = width / box.width;
  const landed = { x, y, width, height: box.height * scale };
  return { box: landed, region: cropRegion(landed, fraction) };
}
