// A photo on its way through the page: shown and worked on as a small preview, saved in full size.
// Positions are in pixels of the full photo everywhere; only what is sent with the preview is scaled.

import { newCanvas } from "./canvas.js";
import { numbers } from "./server.js";

export class Photo {
  /** Has the server read a picture file: it turns photos upright and knows formats that browsers do not. */
  static async open(server, file) {
    server.check(file);
    const answer = await server.send("open", { photo: file });
    const [width, height] = numbers(answer, "Photo-Size");
    const sent = await answer.blob(), preview = await decoded(sent);
    const reduced = preview.width < width || preview.height < height;
    return new Photo({ file, name: file.name, width, height, reduced, sent: reduced ? sent : file, preview, erased: [] });
  }

  /** file: as chosen. sent: what is sent for previews. preview: what is shown. erased: boxes. made: PNG of the preview. */
  constructor(values) {
    Object.assign(this, values);
  }

  /** What the page says behind its size: nothing, as any size is kept. */
  get note() { return ""; }

  /** The photo as a rectangle. */
  get bounds() { return { x: 0, y: 0, width: this.width, height: this.height }; }

  /** This photo with something done to it: `made` is the PNG that the server answered. */
  async changed(made, changes = {}) {
    return new Photo({ ...this, made, preview: await decoded(made), ...changes });
  }

  /** Pixels of what is sent for each pixel of the photo. */
  scale(full) {
    const longest = ({ width, height }) => Math.max(width, height);
    return full || !this.reduced ? 1 : longest(this.preview) / longest(this);
  }

  /** A box as the server reads it, for the full photo or for its preview. */
  text({ x, y, width, height }, full = false) {
    return [x, y, width, height].map((value) => value * this.scale(full)).join(",");
  }

  /** The fields that name this photo and an object of it. */
  fields(box, edges, full = false) {
    return {
      photo: full ? this.file : this.sent,
      box: this.text(box, full),
      erased: this.erased.map((one) => this.text(one, full)),
      edges: edges ? 1 : 0,
    };
  }
}

export async function decoded(blob) {
  const bitmap = await createImageBitmap(blob);
  const canvas = newCanvas(bitmap.width, bitmap.height); // a bitmap's memory waits for the garbage collector
  canvas.getContext("2d").drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas;
}
