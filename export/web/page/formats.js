// Formats of image files: those that browsers do not open or do not turn upright.

/** Matrices, as of a canvas, from the stored pixels of an EXIF orientation to the upright photo: [a, b, c, d, e, f]. */
export const TURNS = {
  1: () => [1, 0, 0, 1, 0, 0],
  2: (width) => [-1, 0, 0, 1, width, 0],
  3: (width, height) => [-1, 0, 0, -1, width, height],
  4: (width, height) => [1, 0, 0, -1, 0, height],
  5: () => [0, 1, 1, 0, 0, 0],
  6: (width, height) => [0, 1, -1, 0, height, 0],
  7: (width, height) => [0, -1, -1, 0, height, width],
  8: (width) => [0, -1, 1, 0, 0, width],
};

/**
 * The file as every browser decodes it alike, and the orientation that remains to be applied: {blob, orientation}.
 *
 * Chromium 156 does not turn a WebP by its EXIF data, other browsers do: the orientation is read and set to 1 here.
 */
export async function unturned(file) {
  const found = { blob: file, orientation: 1 };
  if (textAt(await bytes(file, 16), 8, 8) !== "WEBPVP8X") return found; // only this kind has EXIF data
  const data = new DataView(await file.arrayBuffer());
  for (let at = 12; at + 8 <= data.byteLength;) {
    const length = data.getUint32(at + 4, true);
    if (textAt(data, at, 4) === "EXIF") {
      const place = orientationPlace(data, at + 8, Math.min(at + 8 + length, data.byteLength));
      if (!place) break;
      const orientation = data.getUint16(place.at, place.little);
      if (!TURNS[orientation]) break;
      data.setUint16(place.at, 1, place.little);
      return { blob: new Blob([data]), orientation };
    }
    at += 8 + length + (length % 2);
  }
  return found;
}

/** Place and byte order of the orientation in EXIF data, {at, little}; null if there is none. */
function orientationPlace(data, start, end) {
  const tiff = textAt(data, start, 4) === "Exif" ? start + 6 : start;
  if (tiff + 8 > end) return null;
  const little = textAt(data, tiff, 2) === "II";
  const directory = tiff + data.getUint32(tiff + 4, little);
  if (directory + 2 > end) return null;
  for (let entry = 0; entry < data.getUint16(directory, little); entry++) {
    const at = directory + 2 + 12 * entry;
    if (at + 12 > end) return null;
    if (data.getUint16(at, little) === 0x0112) return { at: at + 8, little };
  }
  return null;
}

/** The reason why a file was not opened, with what to do: one line without the file's name. */
export async function refusal(file) {
  const start = await bytes(file, 12);
  const brand = textAt(start, 4, 8), first = textAt(start, 0, 4);
  if (/^ftyp(he|mif1)/.test(brand)) {
    return "a HEIC photo, which this browser does not open; convert it to JPEG first, in Photos on a Mac or on Windows, " +
      "or with: heif-convert photo.heic photo.jpg";
  }
  if (first === "II*\0" || first === "MM\0*") {
    return "a TIFF or camera raw file, which this browser does not open; convert it to JPEG or PNG first";
  }
  if (first.startsWith("\xff\xd8\xff") || first === "\x89PNG" || textAt(start, 8, 4) === "WEBP" || brand === "ftypavif") {
    return "damaged, or too large for this browser";
  }
  return "not a picture that this browser opens; expected JPEG, PNG, WebP or AVIF";
}

const bytes = async (file, count) => new DataView(await file.slice(0, count).arrayBuffer());

/** Bytes as text, one character each; shorter at the end of the data. */
function textAt(data, at, count) {
  const codes = [];
  for (let i = at; i < Math.min(at + count, data.byteLength); i++) codes.push(data.getUint8(i));
  return String.fromCharCode(...codes);
}
