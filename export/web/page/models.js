// The three networks and the refiner of masks, run by LiteRT.js.

import { oneLine } from "./errors.js";

const NAMES = ["segmenter", "inpainter", "enhancer"];
const REFINER = { file: "refiner.tflite", side: 256, bytes: 106660 }; // beside the page, since it serves all weights
const FORMATS = { float32: "", float16: "_fp16", int8: "_int8", dynamic: "_dynamic" };

export class Models {
  /**
   * Read model.json in the folder above the page or in the page's own.
   *
   * `format`: one of FORMATS. Default: float16 if present, which has half the size and equal quality.
   */
  static async find(format = null) {
    if (format !== null && !(format in FORMATS)) {
      throw new Error(`format=${format}; expected ${Object.keys(FORMATS).join(", ")}`);
    }
    for (const folder of ["../", "./"]) {
      const answer = await fetched(`${folder}model.json`);
      if (!answer.ok) continue;
      let model;
      try {
        model = await answer.json();
      } catch {
        continue; // a host that answers everything with a page
      }
      return new Models(folder, model, format);
    }
    throw new Error("model.json: not found beside this page or one folder up; expected the files of the export here");
  }

  constructor(folder, model, format) {
    for (const name of ["size", "object_fraction"]) {
      if (!(model[name] > 0)) throw new Error(`model.json: ${name} is ${model[name]}; expected a positive number`);
    }
    this.folder = folder;
    this.name = model.name ?? "";
    this.size = model.size;
    this.objectFraction = model.object_fraction;
    this.confineMask = model.confine_mask ?? true;
    /** Contrast outside the box in the crops that the segmenter sees, 0 to 1. */
    this.outsideContrast = model.outside_contrast ?? 1;
    const files = model.files ?? {};
    const preferred = (name) => (files[`${name}_fp16.tflite`] ? "_fp16" : "");
    this.files = Object.fromEntries(NAMES.map((name) => [
      name, `${name}${format === null ? preferred(name) : FORMATS[format]}.tflite`,
    ]));
    this.bytes = Object.fromEntries(NAMES.map((name) => [name, files[this.files[name]]?.bytes]));
    this.files.refiner = REFINER.file;
    this.bytes.refiner = REFINER.bytes;
    this.loading = {};
  }

  /** Download and compile a network, once. */
  load(name) {
    // A failed download can be repeated.
    this.loading[name] ??= this.#load(name).catch((error) => { this.loading[name] = null; throw error; });
    return this.loading[name];
  }

  async #load(name) {
    const file = this.files[name];
    const own = name === "refiner", side = own ? REFINER.side : this.size, origin = own ? "the page" : "model.json";
    const path = (own ? "./" : this.folder) + file;
    const [litert, content] = await Promise.all([runtime(), this.#download(path, this.bytes[name], origin)]);
    let model;
    try {
      model = await litert.loadAndCompile(content, { accelerator: "wasm" });
    } catch (error) {
      throw new Error(`${file}: not a network that LiteRT.js runs (${oneLine(error)})`);
    }
    for (const { name: input, dtype, shape } of model.getInputDetails()) {
      if (dtype !== "float32") throw new Error(`${file}: its ${input} is ${dtype}; expected float32 edges`);
      if (shape[1] !== side) throw new Error(`${file}: ${shape[1]} px crops; ${origin} says ${side}`);
    }
    return { litert, model };
  }

  async #download(path, bytes, origin) {
    const file = path.split("/").pop(), answer = await fetched(path);
    if (!answer.ok) throw new Error(`${file}: ${answer.status} ${answer.statusText || "not found"}`.trim());
    const content = new Uint8Array(await answer.arrayBuffer());
    if (bytes && content.length !== bytes) {
      throw new Error(`${file}: ${content.length} bytes; ${origin} says ${bytes}`);
    }
    return content;
  }

  /** Mask [S, S] from 0 to 1 of an image [S, S, 3] from -1 to 1, not confined to a box. */
  segment(image) { return this.#run("segmenter", { image }, "mask"); }

  /** Mask [256, 256] that follows the edges of an image [256, 256, 3] from -1 to 1. */
  refine(image, mask) { return this.#run("refiner", { image, mask }, "refined"); }

  /** Image [S, S, 3] from -1 to 1, restored where the mask [S, S] is. */
  inpaint(image, mask) { return this.#run("inpainter", { image, mask }, "restored"); }

  /** A coarse paste [S, S, 3] from -1 to 1, harmonised. */
  enhance(image) { return this.#run("enhancer", { image }, "enhanced"); }

  async #run(name, values, wanted) {
    const { litert, model } = await this.load(name);
    const inputs = {};
    for (const { name: input, shape } of model.getInputDetails()) {
      const count = shape.reduce((product, length) => product * length, 1);
      const value = values[input] ?? (input === "noise" ? standardNormal(count) : null);
      if (value?.length !== count) throw new Error(`${this.files[name]}: unknown input ${input} of ${[...shape]}`);
      inputs[input] = new litert.Tensor(value, [...shape]);
    }
    let outputs = {};
    try {
      outputs = await model.run(inputs);
      if (!outputs[wanted]) throw new Error(`${this.files[name]}: has no output ${wanted}`);
      return Float32Array.from(outputs[wanted].toTypedArray());
    } finally {
      for (const tensor of [...Object.values(inputs), ...Object.values(outputs)]) tensor.delete();
    }
  }
}

let started = null;

/** LiteRT.js, loaded once. */
function runtime() {
  started ??= start().catch((error) => {
    started = null;
    throw new Error(`LiteRT.js from ${window.LITERT.from}: ${oneLine(error)}`);
  });
  return started;
}

async function start() {
  const { urls, integrity } = window.LITERT;
  const litert = await import("@litertjs/core");
  const kind = (await litert.supportsFeature("relaxedSimd")) ? "litert_wasm" : "litert_wasm_compat";
  // Fetched here, because loadLiteRt cannot verify checksums.
  const [script, wasm] = await Promise.all(["js", "wasm"].map(async (ending) => {
    const file = `@litertjs/core/wasm/${kind}_internal.${ending}`;
    const answer = await fetch(urls[file], { integrity: integrity[file] });
    if (!answer.ok) throw new Error(`${file}: ${answer.status} ${answer.statusText}`.trim());
    const type = ending === "js" ? "text/javascript" : "application/wasm";
    return URL.createObjectURL(new Blob([await answer.arrayBuffer()], { type }));
  }));
  window.Module = { locateFile: () => wasm };
  try {
    await litert.loadLiteRt(`${script}#.js`); // a URL that ends in .js is taken for the script itself
  } finally {
    URL.revokeObjectURL(script);
    URL.revokeObjectURL(wasm);
  }
  return litert;
}

async function fetched(path) {
  try {
    return await fetch(path);
  } catch (error) {
    throw new Error(`${path}: ${oneLine(error)}`);
  }
}

/** Standard normal numbers from a fixed seed (mulberry32, then Box-Muller). */
function standardNormal(count) {
  let state = 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return Float32Array.from({ length: count }, () =>
    Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()));
}
