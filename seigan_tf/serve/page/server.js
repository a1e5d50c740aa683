// Requests to the server. Failures become an Error with a message of one line.

const AWAY = "The server cannot be reached. Is it still running?";

export class Server {
  constructor({ name, size, max_upload: maxUpload, most_boxes: mostBoxes, finds }) {
    this.name = name;
    /** Side of the networks' crops in pixels. */
    this.size = size;
    /** Bytes that a photo may have. */
    this.maxUpload = maxUpload;
    /** Objects that one request may erase. */
    this.mostBoxes = mostBoxes;
    /** Whether it has a detector. */
    this.finds = finds;
  }

  static async find() {
    return new Server(await (await answered(fetch("api/settings"))).json());
  }

  /** Throws if a file is larger than the server allows. */
  check(file) {
    const megabytes = (bytes) => Math.round(bytes / 1e5) / 10;
    if (file.size > this.maxUpload) {
      throw new Error(`${file.name}: ${megabytes(file.size)} MB, expected at most ${megabytes(this.maxUpload)} MB`);
    }
  }

  /** The answer to a form. A field may have many values; null is left out. */
  async send(action, fields) {
    const form = new FormData();
    for (const [name, values] of Object.entries(fields)) {
      for (const value of [values].flat()) {
        if (value instanceof Blob) form.append(name, value, "photo"); // the file's own name stays here
        else if (value !== null) form.append(name, value);
      }
    }
    return answered(fetch(`api/${action}`, { method: "POST", body: form }));
  }
}

async function answered(request) {
  let answer;
  try {
    answer = await request;
  } catch {
    throw new Error(AWAY);
  }
  if (answer.ok) return answer;
  let message = `The server answers ${answer.status}`;
  try {
    message = (await answer.json()).error ?? message;
  } catch { /* not from the application */ }
  throw new Error(message);
}

/** Numbers of a header like "10,20,30,40". */
export const numbers = (answer, header) => answer.headers.get(header).split(",").map(Number);
