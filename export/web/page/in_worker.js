// Long tasks off the page's own thread.

/**
 * The answer of a worker of its own, whose memory is free again afterwards.
 *
 * `name`: that of a function in worker.js; `task`: its argument; `arrays`: those of the task that may go to the worker and
 * are empty here afterwards; the others are copied.
 */
export async function inWorker(name, task, arrays = []) {
  const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      // Browsers do not say why a worker did not start.
      worker.onerror = ({ message }) => reject(new Error(message || "worker.js or a file that it needs is missing"));
      worker.postMessage({ name, task }, arrays.map(({ buffer }) => buffer));
    });
  } finally {
    worker.terminate();
  }
}
