// The canvas that shows a photo; a box is drawn and an object placed on it by finger, mouse or keys.

import { newCanvas } from "./canvas.js";

const ACCENT = "#ff2d95";
const LEAST = 4; // side of a box in pixels of the photo
const TAP = 5; // a finger that moves less, in pixels of the screen, taps

export class Stage {
  /** Calls `onChange` after a box was drawn or the object moved, and `onTap` with a point that is tapped. */
  constructor(canvas, onChange, onTap) {
    this.canvas = canvas;
    this.onChange = onChange;
    this.onTap = onTap;
    this.clear();
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => this.#up(event));
    canvas.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  clear() {
    /** The photo shown. */
    this.photo = null;
    /** The box drawn, {x, y, width, height}. */
    this.box = null;
    /** The cut-out shown on the photo: {canvas, rectangle}. */
    this.object = null;
    /** True if only the cut-out is shown. */
    this.alone = false;
    /** The place for the object's box, {x, y, width, height}; null while a box is drawn. */
    this.place = null;
  }

  // From the photo to the screen

  #view() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const scale = Math.min(width / this.photo.width, height / this.photo.height);
    return { scale, left: (width - this.photo.width * scale) / 2, top: (height - this.photo.height * scale) / 2 };
  }

  #point(event) {
    const { left, top } = this.canvas.getBoundingClientRect(), view = this.#view();
    return { x: (event.clientX - left - view.left) / view.scale, y: (event.clientY - top - view.top) / view.scale };
  }

  draw() {
    const { canvas, photo } = this;
    if (!photo) return;
    canvas.style.setProperty("--shape", photo.width / photo.height);
    if (!canvas.clientWidth) return;
    const dense = Math.min(window.devicePixelRatio || 1, 2), view = this.#view();
    canvas.width = Math.round(canvas.clientWidth * dense);
    canvas.height = Math.round(canvas.clientHeight * dense);
    const context = canvas.getContext("2d");
    context.setTransform(dense, 0, 0, dense, 0, 0);
    const at = ({ x, y, width, height }) => [
      view.left + x * view.scale, view.top + y * view.scale, width * view.scale, height * view.scale,
    ];
    if (!this.alone) context.drawImage(photo.preview, ...at(photo.bounds));
    if (this.place) this.#drawGhost(context, at);
    else if (this.object) this.#drawObject(context, at(this.object.rectangle));
    if (this.box && !this.alone) this.#outline(context, at(this.box));
  }

  #drawObject(context, [x, y, width, height]) {
    if (this.alone) {
      context.drawImage(this.object.canvas, x, y, width, height);
      return;
    }
    const tint = newCanvas(Math.max(Math.round(width), 1), Math.max(Math.round(height), 1));
    const paint = tint.getContext("2d");
    paint.drawImage(this.object.canvas, 0, 0, tint.width, tint.height);
    paint.globalCompositeOperation = "source-in";
    paint.fillStyle = ACCENT;
    paint.fillRect(0, 0, tint.width, tint.height);
    context.globalAlpha = 0.55;
    context.drawImage(tint, x, y, width, height);
    context.globalAlpha = 1;
  }

  #drawGhost(context, at) {
    const { box, rectangle } = this.object, scale = this.place.width / box.width;
    const landed = {
      x: this.place.x + (rectangle.x - box.x) * scale,
      y: this.place.y + (rectangle.y - box.y) * scale,
      width: rectangle.width * scale,
      height: rectangle.height * scale,
    };
    context.drawImage(this.object.canvas, ...at(landed));
    this.#outline(context, at(this.place));
  }

  #outline(context, rectangle) {
    for (const [width, colour] of [[4, "#fff"], [2, ACCENT]]) { // seen on any photo
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.strokeRect(...rectangle);
    }
  }

  // By finger or mouse

  #down(event) {
    if (!this.photo || !event.isPrimary || event.button > 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    const start = this.#point(event);
    this.drag = { start, place: this.place && { ...this.place } };
  }

  #move(event) {
    if (!this.drag || !event.isPrimary) return;
    const { start, place } = this.drag, now = this.#point(event);
    if (place) {
      this.place = this.#kept({ ...place, x: place.x + now.x - start.x, y: place.y + now.y - start.y });
    } else {
      const drawn = this.#clipped(start, now);
      const moved = Math.hypot(now.x - start.x, now.y - start.y) * this.#view().scale;
      if (!drawn || (!this.drag.drawn && moved < TAP)) return;
      [this.box, this.object, this.alone] = [drawn, null, false];
      this.drag.drawn = true;
    }
    this.draw();
  }

  #up(event) {
    if (!this.drag || !event.isPrimary) return;
    const { start, place, drawn } = this.drag;
    this.drag = null;
    if (drawn || place) this.onChange();
    else if (event.type === "pointerup") this.onTap(start);
  }

  /** The box between two points, within the photo; null if a side is shorter than LEAST. */
  #clipped(first, second) {
    const within = (value, length) => Math.min(Math.max(value, 0), length);
    const [left, right] = [first.x, second.x].map((x) => within(x, this.photo.width)).sort((a, b) => a - b);
    const [top, bottom] = [first.y, second.y].map((y) => within(y, this.photo.height)).sort((a, b) => a - b);
    const box = { x: Math.round(left), y: Math.round(top), width: Math.round(right - left), height: Math.round(bottom - top) };
    return box.width >= LEAST && box.height >= LEAST ? box : null;
  }

  /** The place moved so that its middle is on the photo. */
  #kept(place) {
    const within = (start, length, whole) => Math.min(Math.max(start, -length / 2), whole - length / 2);
    return {
      ...place,
      x: within(place.x, place.width, this.photo.width),
      y: within(place.y, place.height, this.photo.height),
    };
  }

  // By keys

  #key(event) {
    const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!this.photo || !direction) return;
    event.preventDefault();
    const { width, height } = this.photo, step = Math.max(width, height) / 100;
    const [right, down] = direction.map((sign) => sign * step);
    if (this.place) {
      if (event.shiftKey) this.resize(this.place.width + (right - down) * 2);
      else this.place = this.#kept({ ...this.place, x: this.place.x + right, y: this.place.y + down });
    } else {
      // The first key draws a box in the middle; the next ones change it.
      let { x, y, width: wide, height: tall } = this.box ?? { x: width / 4, y: height / 4, width: width / 2, height: height / 2 };
      if (this.box && event.shiftKey) [wide, tall] = [Math.max(wide + right, LEAST), Math.max(tall + down, LEAST)];
      else if (this.box) {
        x = Math.min(Math.max(x + right, 0), width - wide);
        y = Math.min(Math.max(y + down, 0), height - tall);
      }
      const drawn = this.#clipped({ x, y }, { x: x + wide, y: y + tall });
      [this.box, this.object, this.alone] = [drawn ?? this.box, null, false];
    }
    this.draw();
    this.onChange();
  }

  /** Changes the width of the object that is placed; its middle stays. */
  resize(width) {
    const { place } = this, wide = Math.min(Math.max(width, LEAST), this.photo.width);
    const tall = (place.height * wide) / place.width;
    this.place = this.#kept({
      x: place.x + (place.width - wide) / 2,
      y: place.y + (place.height - tall) / 2,
      width: wide,
      height: tall,
    });
    this.draw();
  }
}
