// Which objects stay while others are erased, and which pixels show them. The latter as seigan_tf/compose/staying.py.

import { overlap } from "./geometry.js";

/**
 * The masks of objects that stay, over a rectangle of the photo and from 0 to 255, where no other object's mask is higher.
 *
 * `objects`: {box, rectangle, mask, stays}; `mask`: from 0 to 255 over its rectangle. Of equal masks that of the smallest
 * box counts.
 */
export function staying(objects, { x, y, width, height }) {
  const highest = new Uint8Array(width * height), result = new Uint8Array(width * height);
  const area = ({ box }) => box.width * box.height;
  for (const { rectangle, mask, stays } of [...objects].sort((first, second) => area(second) - area(first))) {
    const part = overlap(rectangle, { x, y, width, height });
    for (let row = 0; part && row < part.height; row++) {
      const from = (part.y - rectangle.y + row) * rectangle.width + part.x - rectangle.x;
      const to = (part.y - y + row) * width + part.x - x;
      for (let column = 0; column < part.width; column++) {
        const value = mask[from + column];
        if (value < highest[to + column]) continue;
        highest[to + column] = value;
        result[to + column] = stays ? value : 0;
      }
    }
  }
  return result;
}

/**
 * Whether two masks show one object: at least half of the smaller one lies in the other.
 *
 * Boxes do not tell this: that of a cat lies in that of the person who holds it, as a box that was drawn too small lies in
 * the better one. `first`, `second`: {rectangle, mask}, as for `staying`.
 */
export function sameObject(first, second) {
  const part = overlap(first.rectangle, second.rectangle), { mask } = first, { mask: other } = second;
  let common = 0;
  for (let row = 0; part && row < part.height; row++) {
    const [from, to] = [first, second].map(({ rectangle: { x, y, width } }) => (part.y - y + row) * width + part.x - x);
    for (let column = 0; column < part.width; column++) common += Math.min(mask[from + column], other[to + column]);
  }
  return common > 0 && 2 * common >= Math.min(weightOf(mask), weightOf(other));
}

/** The sum of a mask. Not by `reduce`, which takes ten times as long for the millions of pixels of a large object. */
function weightOf(mask) {
  let sum = 0;
  for (let i = 0; i < mask.length; i++) sum += mask[i];
  return sum;
}
