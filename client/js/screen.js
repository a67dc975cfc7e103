import { colormapFor, palette } from './colormaps.js';
import { mapsAt } from './computation.js';
import { afterNextFrame } from './dom.js';
import { effective, layersOf } from './maps.js';
import { limitsOf } from './scales.js';
import { defaults } from './state.js';

/**
 * @typedef {import('./maps.js').Effective} Effective
 * @typedef {import('./maps.js').Heatmap} Heatmap
 * @typedef {import('./answer.js').Answer} Answer
 */

/**
 * What is on screen, computed from settings and answer.
 * @typedef {object} Screen
 * @property {Answer} answer
 * @property {Effective} shown
 * @property {Heatmap} map
 * @property {import('./scales.js').Limits} limits
 * @property {Uint32Array} colours
 * @property {Heatmap[] | null} frames of layers 1…L; null until they are computed
 */

/** Keeps `screen` in the store. A map is computed anew only where something that it depends on changed. @param {import('./state.js').Store} store */
export function watchScreen(store) {
  const map = remember();
  const frames = remember();

  function update() {
    const { answer } = store.state;
    if (!answer) return;
    const shown = effective(store.state, answer);
    const own = map.take(answer, shown, [shown.at], update)?.[0];
    if (!own) return;
    const layers = layersOf({ fromLayer: 1, toLayer: answer.layers });
    if (shown.scale === 'shared') frames.take(answer, shown, layers, update);
    const all = frames.at(answer, shown, layers);
    if (all === undefined) computeFramesLater();
    const sharing = shown.scale === 'shared' && all ? layersOf(shown).map((layer) => all[layer - 1]) : [own];
    const limits = limitsOf(shown.scale, sharing.map(({ values }) => values), own.signed);
    store.set({ screen: { answer, shown, map: own, limits, colours: palette(colormapFor(shown.colormap, own.signed)), frames: all ?? null } });
  }

  const computeFramesLater = afterNextFrame(() => {
    const { answer } = store.state;
    if (!answer) return;
    frames.take(answer, effective(store.state, answer), layersOf({ fromLayer: 1, toLayer: answer.layers }), update);
    update();
  });

  store.on([.../** @type {(keyof import('./state.js').Settings)[]} */ (Object.keys(defaults)), 'answer'], update);
}

/** The last maps computed, for as long as nothing that they depend on changes. */
function remember() {
  /** @type {string | null} */
  let key = null;
  /** @type {Answer | null} */
  let source = null;
  /** @type {Heatmap[] | null} */
  let maps = null;

  return {
    /** The maps; null while the worker computes them; undefined where others were computed last. @param {Answer} answer @param {Effective} shown @param {number[]} layers */
    at: (answer, shown, layers) => (answer === source && keyOf(shown, layers) === key ? maps : undefined),

    /** The maps, computed if they are not known; `done` is called if that takes time. @param {Answer} answer @param {Effective} shown @param {number[]} layers @param {() => void} done */
    take(answer, shown, layers, done) {
      const known = this.at(answer, shown, layers);
      if (known !== undefined) return known;
      const wanted = (key = keyOf(shown, layers));
      source = answer;
      const result = mapsAt(answer, shown, layers);
      maps = result instanceof Promise ? null : result;
      if (result instanceof Promise) {
        result.then((computed) => {
          if (source !== answer || key !== wanted) return;
          maps = computed;
          done();
        });
      }
      return maps;
    },
  };
}

/** @param {Effective} shown @param {number[]} layers */
function keyOf({ method, headFusion, head, residual, discard, query, fromLayer, frames, target, view, versus, labels }, layers) {
  return JSON.stringify([layers, method, ...(method === 'alignment' ? [target, view, versus, labels] : [headFusion, head, residual, discard, query, fromLayer, frames])]);
}
