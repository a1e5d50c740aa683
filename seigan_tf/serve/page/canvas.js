// Canvases in memory.

export function newCanvas(width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  return canvas;
}

/** A canvas as a PNG file. */
export function encoded(canvas) {
  return new Promise((done, failed) => {
    const made = (blob) => (blob ? done(blob) : failed(new Error("The browser has no memory left for the picture")));
    canvas.toBlob(made, "image/png");
  });
}
