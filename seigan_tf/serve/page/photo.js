// A photo: shown and worked on as a small preview, saved at full size.
// Positions are in pixels of the full photo; only those sent with a preview are scaled.

import { newCanvas } from "./canvas.js";
import { numbers } from "./server.js";

export class Photo {
  /** Lets the server read a file: it turns photos upright and reads formats that browsers cannot. */
  static async open(server, file) {
    server.check(file);
    const answer = await server.send("open", { photo: file });
    const [width, height] = numbers(answer, "Photo-Size");
    const sent = await answer.blob(), preview = await decoded(sent);
    const reduced = preview.width < width || preview.height < height;
    return new Photo({ file, name: file.name, width, height, reduced, sent: reduced ? sent : file, preview, erased: [] });
  }

  /**
   * file: as chosen. sent: file for previews, without what was erased. preview: canvas shown. erased: boxes with seeds and
   * edges. made: PNG of the change. full: PNG of the erased photo at full size, if it was made already.
   */
  constructor(values) {
    Object.assign(this, values);
  }

  /** Remark on its size: none, since every size is kept. */
  get note() { return ""; }

  /** The photo as a rectangle. */
  get bounds() { return { x: 0, y: 0, width: this.width, height: this.height }; }

  /** This photo after a change: `made` is the PNG in the server's answer. */
  async changed(made, changes = {}) {
    return new Photo({ ...this, made, preview: await decoded(made, this.preview), ...changes });
  }

  /** Throws if no further object can be erased, since the request that saves the photo would erase more than `most`. */
  checkRoom(most) {
    if (!this.reduced || this.erased.length < most) return;
    throw new Error(`${most} objects are erased, the most at once. Save the photo, then open the saved one to go on.`);
  }

  /** Pixels of the file sent per pixel of the photo. */
  scale(full) {
    const longest = ({ width, height }) => Math.max(width, height);
    return full || !this.reduced ? 1 : longest(this.preview) / longest(this);
  }

  /** A box as text for the server, in pixels of the full photo or of its preview. */
  text({ x, y, width, height }, full = false) {
    return [x, y, width, height].map((value) => value * this.scale(full)).join(",");
  }

  /** A box to erase as text: with its seed, and whether edges are followed. */
  erasure(box, full = false) {
    return `${this.text(box, full)},${box.seed},${box.edges ? 1 : 0}`;
  }

  /** The fields that name this photo and an object of it. */
  fields(box, edges, full = false) {
    const fromFile = full && this.reduced; // what is sent for previews has full size otherwise
    return {
      photo: fromFile ? this.file : this.sent,
      box: this.text(box, full),
      erased: fromFile ? this.erased.map((one) => this.erasure(one, full)) : [],
      edges: edges ? 1 : 0,
    };
  }
}

/** A picture as a canvas, by default of its own size. */
export async function decoded(blob, size = null) {
  const bitmap = await createImageBitmap(blob), { width, height } = size ?? bitmap;
  const canvas = newCanvas(width, height); // a bitmap's memory is freed late, by the garbage collector
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return canvas;
}
