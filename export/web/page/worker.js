// Worker for what takes long, so that the page can still be used meanwhile. Answers a task of one of TASKS with its array.

import { filled } from "./erasing.js";
import { refined } from "./matting.js";

const TASKS = { filled, refined };

onmessage = ({ data: { name, task } }) => {
  const result = TASKS[name](task);
  postMessage(result, [result.buffer]);
};
