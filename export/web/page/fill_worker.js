// Worker that fills a hole, so that the page can still be used meanwhile. Answers a task of `filled` with its result.

import { filled } from "./erasing.js";

onmessage = ({ data }) => {
  const pixels = filled(data);
  postMessage(pixels, [pixels.buffer]);
};
