import { defaults } from '../js/settings/table.js';
import { methods } from './methods.js';

/** @typedef {import('../js/store.js').State} State @typedef {import('../js/compute/answer.js').Answer} Answer */

/** A loaded model that serves every method of the tests. */
const model = { id: 'demo-clip', default: true, status: 'ready', text: true, classes: null, methods: methods.map(({ name }) => name), warnings: [] };

/** @param {object} settings @returns {State} */
export const stateOf = (settings) => /** @type {any} */ ({ ...defaults, models: [model], methods, ...settings });

/** What tests need of an answer about two labels: 6 layers of 3 heads over 4 × 4 patches. @param {object} [more] @returns {Answer} */
export const answerOf = (more) => /** @type {any} */ ({
  model: { id: 'demo-clip' }, layers: 6, heads: 3, grid: { rows: 4, columns: 4 }, labels: ['cat', 'dog'], predictions: [{ label: 'cat' }, { label: 'dog' }],
  hasCls: true, hasHeads: true, hasAlignment: true, wholeQuery: 'cls', against: () => new Float32Array(16),
  question: { model: 'demo-clip', resolution: null, labels: ['cat', 'dog'], prompt: [], versus: null, heads: false }, ...more,
});
