// Which pixels show objects that stay while others are erased. As seigan_tf/compose/staying.py.

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
