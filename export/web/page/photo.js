// A full-size, upright photo with access to its pixels.

import { newCanvas } from "./canvas.js";
import { TURNS, refusal, unturned } from "./formats.js";

/** Largest canvas on every phone: Safari on iOS draws nothing on a larger one. */
const MOST_PIXELS = 4096 * 4096;
const PREVIEW = 1600;

export class Photo {
  /** Open an image file; throws an Error of one line if the browser cannot. */
  static async open(file) {
    const { blob, orientation } = await unturned(file);
    let bitmap;
    try {
      bitmap = await createImageBitmap(blob, { imageOrientation: "from-image" });
    } catch {
      throw new Error(`${file.name}: ${await refusal(file)}`);
    }
    const { width, height } = orientation < 5 ? bitmap : { width: bitmap.height, height: bitmap.width };
    const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (width * height)));
    const photo = new Photo(Math.floor(width * scale), Math.floor(height * scale), file.name);
    if (scale < 1) photo.note = ", made smaller for this browser";
    photo.context.fillStyle = "white"; // behind transparent pixels, as in training
    photo.context.fillRect(0, 0, photo.width, photo.height);
    photo.context.imageSmoothingQuality = "high";
    photo.context.setTransform(photo.width / width, 0, 0, photo.height / height, 0, 0);
    photo.context.transform(...TURNS[orientation](bitmap.width, bitmap.height));
    photo.context.drawImage(bitmap, 0, 0);
    photo.context.resetTransform();
    bitmap.close();
    photo.refresh();
    return photo;
  }

  constructor(width, height, name = "") {
    this.name = name;
    /** Text that the page shows behind the size. */
    this.note = "";
    /** Objects that were cut out and are still there, {box, rectangle, mask, hole}, and holes of those that were erased. */
    [this.kept, this.holes] = [[], []];
    this.canvas = newCanvas(width, height);
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    if (!this.context) throw new Error(`${name}: ${width} x ${height} pixels are too many for this browser`);
    const scale = Math.min(1, PREVIEW / Math.max(width, height));
    /** The photo as displayed; small, so that dragging stays smooth. */
    this.preview = newCanvas(Math.max(Math.round(width * scale), 1), Math.max(Math.round(height * scale), 1));
  }

  get width() { return this.canvas.width; }

  get height() { return this.canvas.height; }

  /** The photo as a rectangle. */
  get bounds() { return { x: 0, y: 0, width: this.width, height: this.height }; }

  /** The pixels of a rectangle: RGBA, Uint8ClampedArray [height, width, 4]. */
  read(x, y, width, height) { return this.context.getImageData(x, y, width, height).data; }

  /** Call `use(data, offset, y)` with the pixels of each row of a rectangle, RGBA; only a strip of it is in memory. */
  rows({ x, y, width, height }, use, after = () => {}) {
    const rows = Math.max(Math.floor(2 ** 20 / width), 1);
    for (let top = 0; top < height; top += rows) {
      const strip = this.context.getImageData(x, y + top, width, Math.min(rows, height - top));
      for (let row = 0; row < strip.height; row++) use(strip.data, row * width * 4, top + row);
      after(strip, x, y + top);
    }
  }

  /** As `rows`, and keep what `change` writes into the pixels. */
  edit(rectangle, change) {
    this.rows(rectangle, change, (strip, x, y) => this.context.putImageData(strip, x, y));
  }

  /** Redraw the preview. */
  refresh() {
    const context = this.preview.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(this.canvas, 0, 0, this.preview.width, this.preview.height);
  }

  /** Copy the pixels of a rectangle; returns a function that puts them back. */
  copy(rectangle) {
    const { x, y, width, height } = rectangle;
    const pixels = this.context.getImageData(x, y, width, height);
    return () => {
      this.context.putImageData(pixels, x, y);
      this.refresh();
    };
  }
}
