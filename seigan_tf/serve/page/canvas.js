// Canvases in memory.

export function newCanvas(width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  return canvas;
}

/** A canvas as a PNG file. */
export function encoded(canvas) {
  return new Promise((done) => { canvas.toBlob(done, "image/png"); });
}
