// Contact shadow of a pasted object: its silhouette, laid flat on the ground at its lowest pixel and blurred.
// As seigan_tf/compose/shadows.py.

import { area, blur } from "./filters.js";
import { cropRegion, overlap, round } from "./geometry.js";
import { enlarge } from "./resample.js";

const [HEIGHT, BLUR, DARKEST, SIDE, FRACTION] = [0.12, 0.025, 0.5, 256, 0.6];

/**
 * Darken a photo by the shadow of an object that is not laid on it yet: {alpha, window, box}.
 *
 * `alpha`: Uint8Array over the rectangle `window`, the part of the cut-out on the photo; `box`: the object's box there.
 * Returns a function that undoes it.
 */
export function cast(photo, placed) {
  if (!placed.alpha.some((value) => value > 127)) return () => {};
  const region = cropRegion(placed.box, FRACTION);
  const rectangle = overlap({ x: region.x, y: region.y, width: region.side, height: region.side }, photo.bounds);
  const undo = photo.copy(rectangle);
  const shades = enlarge(shade(placed, photo.height), SIDE, 1, region, rectangle), row = new Float32Array(rectangle.width);
  photo.edit(rectangle, (data, from, y) => {
    shades(y, row);
    for (let x = 0; x < rectangle.width; x++) {
      for (let c = 0; c < 3; c++) data[from + 4 * x + c] *= 1 - DARKEST * row[x];
    }
  });
  return undo;
}

/** The shadow's strength over the square around a box: [SIDE, SIDE] from 0 to 1. `height` is that of the photo. */
export function shade({ alpha, window, box }, height) {
  const region = cropRegion(box, FRACTION), scale = SIDE / region.side;
  const lowest = window.y + Math.floor(alpha.findLastIndex((value) => value > 127) / window.width) + 1;
  // If the object reaches below the photo, the ground is at the lower edge of its box.
  const ground = box.y + box.height > height ? Math.max(lowest, box.y + box.height) : lowest;
  const [wide, tall] = [window.width * scale, window.height * scale * HEIGHT];
  const within = (length, most) => Math.min(Math.max(round(length), 1), most);
  const rows = within(tall, window.height), columns = within(wide, window.width);
  const flat = area(alpha, [window.height, window.width, 1], [rows, columns, 1]);
  const left = (window.x - region.x) * scale;
  const top = (ground - region.y - (ground - window.y) * HEIGHT + (box.height * HEIGHT) / 4) * scale;
  const at = (y, x) => (y >= 0 && y < rows && x >= 0 && x < columns ? flat[y * columns + x] / 255 : 0);
  const map = Float32Array.from({ length: SIDE * SIDE }, (_, i) => {
    const y = ((Math.floor(i / SIDE) + 0.5 - top) / tall) * rows - 0.5, above = Math.floor(y), down = y - above;
    const x = (((i % SIDE) + 0.5 - left) / wide) * columns - 0.5, first = Math.floor(x), across = x - first;
    return (1 - down) * ((1 - across) * at(above, first) + across * at(above, first + 1))
      + down * ((1 - across) * at(above + 1, first) + across * at(above + 1, first + 1));
  });
  return blur(map, [SIDE, SIDE, 1], BLUR * FRACTION * SIDE).map((value) => Math.min(value, 1));
}
