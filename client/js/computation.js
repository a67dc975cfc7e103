import { mapAt } from './maps.js';

/**
 * @typedef {import('./maps.js').Effective} Effective
 * @typedef {import('./maps.js').Heatmap} Heatmap
 * @typedef {import('./answer.js').Answer} Answer
 */

/** Multiplications that fit easily into a frame; more are done by the worker. */
const quick = 12e6;

/** @type {Worker | null} */
let worker = null;
/** @type {import('./rollout.js').AttentionStack | null} the stack that the worker holds */
let held = null;
let asked = 0;
/** @type {Map<number, (rows: Float64Array[]) => void>} */
const waiting = new Map();

/**
 * Maps at several layers: at once where that is quick, else from the worker.
 * @param {Answer} answer @param {Effective} shown @param {number[]} layers
 * @returns {Heatmap[] | Promise<Heatmap[]>}
 */
export function mapsAt(answer, shown, layers) {
  if (costOf(answer, shown, layers) < quick) return layers.map((layer) => mapAt(answer, shown, layer));
  return rowsFromWorker(answer, shown, layers).then((rows) =>
    rows.map((row, i) => ({ layer: layers[i], head: shown.head, label: null, signed: false, values: answer.patchesOf(row) })));
}

/** @param {Answer} answer @param {Effective} shown @param {number[]} layers */
function costOf(answer, { method, frames, fromLayer, discard }, layers) {
  if (method === 'alignment') return 0;
  const size = answer.tokens * answer.tokens;
  const products = layers.reduce((sum, layer) => sum + (method === 'rollout' && frames === 'cumulative' ? Math.max(1, layer - fromLayer + 1) : 1), 0);
  return (products + (method === 'rollout' && discard > 0 ? 8 * answer.layers : 0)) * size;
}

/** @param {Answer} answer @param {Effective} shown @param {number[]} layers @returns {Promise<Float64Array[]>} */
function rowsFromWorker(answer, shown, layers) {
  if (!worker) {
    worker = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data: { id, rows } }) => {
      waiting.get(id)?.(rows);
      waiting.delete(id);
    };
  }
  const stack = answer.stack(shown.headFusion, shown.head);
  if (held !== stack) worker.postMessage({ stack: { planes: stack.planes, tokens: stack.tokens, hasCls: stack.hasCls } });
  held = stack;
  const id = ++asked;
  const { method, frames, fromLayer, residual, discard } = shown;
  worker.postMessage({ id, layers, weights: answer.weights(shown.query), method, frames, fromLayer, residual, discard });
  return new Promise((resolve) => waiting.set(id, resolve));
}
