import { afterNextFrame } from '../dom.js';
import { localMethods, rowMap, stackOf } from './localMethods.js';
import { layersBetween } from './maps.js';

/**
 * @typedef {import('./effective.js').Effective} Effective
 * @typedef {import('./maps.js').MapSet} MapSet
 * @typedef {import('./answer.js').Answer} Answer
 */

/**
 * Where maps come from. What is not there yet is undefined, and `done` is called once it is.
 * @typedef {object} MapSource
 * @property {(answer: Answer, shown: Effective, done: () => void) => MapSet | undefined} at the layer looked at
 * @property {(answer: Answer, shown: Effective, done: () => void) => (MapSet | undefined)[] | undefined} frames layers 1…L
 */

/** Multiplications that fit easily into a frame; more are done by the worker. */
const quick = 12e6;

/**
 * Maps that the page computes itself: at once where that is quick, else in a worker.
 * @param {(error: Error) => void} fail what is told of a worker that fails
 * @returns {MapSource}
 */
export function localMaps(fail) {
  const rows = workerRows();
  const looked = remembered(compute);
  const along = remembered(compute);
  /** @type {() => void} */
  let takeFrames = () => {};
  const takeFramesLater = afterNextFrame(() => takeFrames());

  /** @param {Answer} answer @param {Effective} shown @param {number[]} layers @param {(sets: MapSet[]) => void} done @returns {MapSet[] | undefined} */
  function compute(answer, shown, layers, done) {
    const method = localMethods[shown.method.name];
    if (!method.row || method.cost(answer, shown, layers) < quick) return layers.map((layer) => setOf(method.maps(answer, shown, layer)));
    rows(answer, shown, layers).then((found) => done(found.map((row, i) => setOf([rowMap(answer, shown, layers[i], row)]))), fail);
    return undefined;
  }

  return {
    at: (answer, shown, done) => looked.take(answer, shown, [shown.at], done)?.[0],
    frames(answer, shown, done) {
      const layers = layersBetween(1, answer.layers);
      if (shown.scale === 'shared') return along.take(answer, shown, layers, done);
      takeFrames = () => {
        if (along.take(answer, shown, layers, done)) done();
      };
      if (!along.holds(answer, shown, layers)) takeFramesLater();
      return along.known(answer, shown, layers);
    },
  };
}

/** @param {import('./maps.js').Heatmap[]} maps @returns {MapSet} */
const setOf = (maps) => ({ maps, colors: null, series: {}, scores: [], warnings: [] });

/**
 * The last result, for as long as nothing that it depends on changes.
 * @param {(answer: Answer, shown: Effective, layers: number[], done: (sets: MapSet[]) => void) => MapSet[] | undefined} compute
 */
function remembered(compute) {
  let key = '';
  /** @type {Answer | null} */
  let source = null;
  /** @type {MapSet[] | undefined} */
  let sets;

  return {
    /** These were asked for last, computed or not. @param {Answer} answer @param {Effective} shown @param {number[]} layers */
    holds: (answer, shown, layers) => answer === source && keyOf(shown, layers) === key,

    /** @param {Answer} answer @param {Effective} shown @param {number[]} layers */
    known(answer, shown, layers) {
      return this.holds(answer, shown, layers) ? sets : undefined;
    },

    /** @param {Answer} answer @param {Effective} shown @param {number[]} layers @param {() => void} done */
    take(answer, shown, layers, done) {
      if (this.holds(answer, shown, layers)) return sets;
      const wanted = (key = keyOf(shown, layers));
      source = answer;
      sets = compute(answer, shown, layers, (computed) => {
        if (source !== answer || key !== wanted) return;
        sets = computed;
        done();
      });
      return sets;
    },
  };
}

/** @param {Effective} shown @param {number[]} layers */
const keyOf = ({ method, values, query, fromLayer, frames, labels }, layers) =>
  JSON.stringify([layers, method.name, values, query, fromLayer, frames, method.labels === 'unused' ? null : labels]);

/** Rows over tokens from the worker, which holds one stack of attention. */
function workerRows() {
  /** @type {Worker | null} */
  let worker = null;
  /** @type {import('./rollout.js').AttentionStack | null} the stack that the worker holds */
  let held = null;
  let asked = 0;
  /** @type {Map<number, { resolve: (rows: Float64Array[]) => void, reject: (error: Error) => void }>} */
  const waiting = new Map();

  function start() {
    const started = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
    started.onmessage = ({ data: { id, rows } }) => {
      waiting.get(id)?.resolve(rows);
      waiting.delete(id);
    };
    started.onerror = ({ message }) => {
      started.terminate();
      worker = held = null;
      for (const { reject } of waiting.values()) reject(new Error(message || 'Its script cannot be loaded.'));
      waiting.clear();
    };
    return started;
  }

  /** @param {Answer} answer @param {Effective} shown @param {number[]} layers @returns {Promise<Float64Array[]>} */
  return (answer, shown, layers) => {
    worker ??= start();
    const stack = stackOf(answer, shown);
    if (held !== stack) worker.postMessage({ stack: { planes: stack.planes, tokens: stack.tokens, hasCls: stack.hasCls } });
    held = stack;
    const id = ++asked;
    const { method, values, frames, fromLayer } = shown;
    worker.postMessage({ id, layers, weights: answer.weights(shown.query), method: method.name, values, frames, fromLayer });
    return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  };
}
