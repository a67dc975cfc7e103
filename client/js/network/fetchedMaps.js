import { layersBetween } from '../compute/maps.js';
import { Kept } from '../kept.js';
import { listModels, postAndCount } from './api.js';
import { Problem } from './problems.js';
import { inRuns, inWords } from './progress.js';
import { mapsQuery } from './query.js';

/**
 * @typedef {import('../compute/maps.js').MapSet} MapSet
 * @typedef {import('../compute/localMaps.js').MapSource} MapSource
 * @typedef {import('../canvas/picture.js').Picture} Picture
 */

/** Answers kept for each picture, so that going back asks nothing. */
const kept = 64;
/** A slider is asked about once it rests; a pointer that asks is answered as it moves. */
const rest = { slider: 150, pointer: 15 };

/**
 * Maps that the page cannot compute: one request for each new question, the latest alone.
 * @param {import('../store.js').Store} store @returns {MapSource & { cancel: () => void, leave: () => void }}
 */
export function fetchedMaps(store) {
  /** @type {WeakMap<Picture, Kept<MapSet>>} */
  const answers = new WeakMap();
  let running = new AbortController();
  /** @type {{ picture: Picture, query: string } | null} what was asked last, whatever came of it: a refusal is not asked again */
  let asked = null;

  /** @param {Picture} picture @param {string} query */
  const known = (picture, query) => answers.get(picture)?.get(query);

  /** @param {Picture} picture @param {string} query @param {import('./api.js').Method} method @param {() => void} done */
  async function ask(picture, query, { title }, done) {
    running.abort();
    const { signal } = (running = new AbortController());
    asked = { picture, query };
    const message = `The server computes “${title}”…`;
    store.set({ status: { phase: 'loading', message } });
    try {
      await new Promise((resolve) => setTimeout(resolve, store.state.cursor && store.state.hover === 'ask' ? rest.pointer : rest.slider));
      const onProgress = (/** @type {import('./exchange.js').Progress} */ progress) => {
        if (progress.stage === 'waiting') store.set({ status: { phase: 'loading', ...inWords(progress, '') } });
        if (progress.stage === 'counting') store.set({ status: { phase: 'loading', message, ...inRuns(progress) } });
      };
      keep(picture, query, setOf(await postAndCount(`explain?${query}`, picture.blob, { signal, onProgress })));
      signal.throwIfAborted();
      store.set({ status: { phase: 'ready' } });
      done();
    } catch (error) {
      if (signal !== running.signal) return;
      const problem = Problem.of(error);
      // What a model cannot do may show only once it is tried: from then on the server's list says so, of every method that it concerns.
      if (problem.parameter === 'method') store.set({ models: await listModels({ signal }).catch(() => store.state.models) });
      if (signal !== running.signal) return;
      store.set({ status: signal.aborted ? { phase: 'ready' } : { phase: 'error', problem } });
    }
  }

  /** @param {Picture} picture @param {string} query @param {MapSet} set */
  function keep(picture, query, set) {
    const sets = answers.get(picture) ?? new Kept(kept);
    answers.set(picture, sets);
    sets.set(query, set);
  }

  return {
    at(answer, shown, done) {
      const { picture } = answer.question;
      const query = mapsQuery(shown, answer, shown.at);
      const set = known(picture, query);
      if (set) asked = null;
      else if (asked?.query !== query || asked.picture !== picture) ask(picture, query, shown.method, done);
      return set && atLayer(set, shown, shown.at);
    },

    frames: (answer, shown) => layersBetween(1, answer.layers).map((layer) => {
      const set = known(answer.question.picture, mapsQuery(shown, answer, layer));
      return set && atLayer(set, shown, layer);
    }),

    /** A cancelled question is not asked again by itself. */
    cancel: () => running.abort(),

    /** Nothing of this is on screen: what runs is given up, and asked anew where it is wanted again. */
    leave() {
      if (asked) running.abort();
      asked = null;
    },
  };
}

/** @param {MapSet} set @param {import('../compute/effective.js').Effective} shown @param {number} layer @returns {MapSet} */
const atLayer = (set, { method }, layer) => (method.layers === 'each' ? { ...set, maps: set.maps.filter((map) => map.layer === layer) } : set);

/** From the answer of `/explain`. @param {any} answer @returns {MapSet} */
export const setOf = ({ maps, series, scores, warnings }) => ({
  maps: maps.filter((/** @type {any} */ { explained }) => !explained)
    .map((/** @type {any} */ { layer, head, label, signed, values }) => ({ layer, head, label, signed, values: Float64Array.from(values.flat()) })),
  colors: maps.filter((/** @type {any} */ { explained }) => explained).map(colorsOf)[0] ?? null,
  series: series ?? {},
  scores: scores ?? [],
  warnings,
});

/** @param {any} map @returns {import('../compute/maps.js').ColorGrid} */
const colorsOf = ({ layer, explained, values }) => ({ layer, explained, channels: explained.length, values: Float64Array.from(values.flat(2)) });
