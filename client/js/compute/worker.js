import { localMethods } from './localMethods.js';
import { AttentionStack } from './rollout.js';

// Long computations of large models, so that the page never stalls. One stack is held; a job gives the rows of some layers.

/** @type {AttentionStack} */
let stack;

onmessage = ({ data }) => {
  if (data.stack) stack = new AttentionStack(data.stack.planes, data.stack.tokens, data.stack.hasCls);
  else postMessage({ id: data.id, rows: data.layers.map((/** @type {number} */ layer) => localMethods[data.method].row?.(stack, data.weights, data, layer)) });
};
