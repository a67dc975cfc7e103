import { drawTile } from '../canvas/tile.js';
import { mapFor } from '../compute/maps.js';
import { limitsOf } from '../compute/scales.js';
import { colormapFor } from '../compute/screen.js';
import { create } from '../dom.js';
import { Kept } from '../kept.js';
import { postAndCount } from '../network/api.js';
import { setOf } from '../network/fetchedMaps.js';
import { Problem } from '../network/problems.js';
import { comparedPictureQuery } from '../network/query.js';
import { exportRow } from './exportRow.js';
import { problemWords } from './problem.js';
import { runBar } from './runBar.js';

/**
 * An answer of the server's comparison; its tabs ask, wait and give it away in the same way.
 * @typedef {import('../compute/screen.js').Screen} Screen
 * @typedef {import('../compute/maps.js').Heatmap} Heatmap
 * @typedef {{ map: Heatmap | null, answer: Screen['answer'], given: any }} Entry `given` as the API has it
 * @typedef {{ entries: Entry[], correlation: (number | null)[][], mean: Heatmap | null, spread: Heatmap | null, difference: Heatmap | null }} Comparison
 */

/** Comparisons kept, so that going back asks nothing. */
const most = 16;

/** @param {string} waiting what is waited for, in a sentence */
export function comparisons(waiting) {
  /** @type {Kept<Comparison>} */
  const known = new Kept(most);
  let running = new AbortController();
  /**
   * What was asked last, how far it is, and what came of it where that is no answer.
   * @type {{ key: string, problem: unknown, bar: ReturnType<typeof runBar> }}
   */
  let asked = { key: '', problem: null, bar: runBar('') };

  /** @param {Screen} screen @param {string} query @param {string} key @param {() => void} changed */
  async function ask({ answer, shown }, query, key, changed) {
    running.abort();
    const { signal } = (running = new AbortController());
    const bar = runBar('Comparing');
    asked = { key, problem: null, bar };
    try {
      known.set(key, read(await postAndCount(`explain/compare?${query}`, answer.question.picture.blob, { signal, onProgress: bar.onProgress }), answer, shown));
    } catch (error) {
      if (signal !== running.signal) return;
      asked.problem = signal.aborted ? Problem.ofPage('Cancelled', 'Cancelled.') : error;
    }
    changed();
  }

  return {
    /**
     * The answer to a question about the picture on screen; undefined while it is on its way, or where it failed.
     * @param {Screen} screen @param {string} query @param {() => void} changed called when there is more to show
     */
    about(screen, query, changed) {
      const key = `${screen.answer.image.sha256} ${query}`;
      const comparison = known.get(key);
      if (!comparison && asked.key !== key) ask(screen, query, key, changed);
      return comparison;
    },

    /** What stands in place of an answer: how far it is, or why there is none. @param {() => void} changed */
    message(changed) {
      const busy = asked.problem === null;
      const button = create('button', { type: 'button' }, busy ? 'Cancel' : 'Try again');
      button.addEventListener('click', () => {
        if (busy) running.abort();
        else asked.key = '';
        changed();
      });
      const words = create('p', { class: 'note', attributes: { role: 'status' } }, ...(busy ? [waiting] : problemWords(asked.problem)));
      return create('div', { class: 'compare-message' }, words, ...(busy ? [asked.bar.element] : []), button);
    },
  };
}

/** @param {any} given @param {Screen['answer']} answer @param {Screen['shown']} shown @returns {Comparison} */
function read({ entries, correlation, mean, spread, difference }, answer, shown) {
  const mapOf = (/** @type {any} */ map) => map && setOf({ maps: [map], warnings: [] }).maps[0];
  return {
    correlation,
    mean: mapOf(mean),
    spread: mapOf(spread),
    difference: mapOf(difference),
    entries: entries.map((/** @type {any} */ entry) => ({
      map: mapFor(setOf(entry), shown.target),
      // Another model may have other patches, and see another part of the picture.
      answer: entry.model.id === answer.model.id ? answer : { grid: entry.model.grid, image: entry.image, question: { picture: answer.question.picture } },
      given: entry,
    })),
  };
}

/** @param {HTMLCanvasElement} canvas @param {Screen} screen @param {Pick<Entry, 'map' | 'answer'>} entry @param {Screen['colormap']} [colormap] */
export function drawEntry(canvas, screen, { map, answer }, colormap) {
  if (!map) return;
  canvas.style.setProperty('--aspect', String(answer.grid.columns / answer.grid.rows));
  drawTile(canvas, { ...screen, answer }, map, limitsOf('percentile', [map]), colormap ?? colormapFor(screen.shown.colormap, map.signed));
}

/**
 * Gives the comparison away as one labelled picture.
 * @param {() => { screen: Screen | null, query: string, words: string }} now
 */
export function comparisonExport(now) {
  const note = create('p', { class: 'note', attributes: { role: 'status' } });
  const row = exportRow({ endpoint: 'explain/compare', what: 'Comparison', kind: 'PNG', extension: 'png' }, () => {
    const { screen, query, words } = now();
    return screen && { answer: screen.answer, query: comparedPictureQuery(query, screen.shown), words };
  }, note, { copies: true });
  return { element: create('div', { class: 'compare-export' }, create('ul', { class: 'exports' }, row.element), note), follow: row.follow };
}
