// Canvases in memory.

export function newCanvas(width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  return canvas;
}

/** The canvas as a PNG file; throws if memory runs out. */
export async function toPng(canvas) {
  const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/png"); });
  if (!blob) throw new Error(`${canvas.width} x ${canvas.height} pixels: too many to save in this browser`);
  return blob;
}
