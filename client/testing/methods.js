// Declarations as `/api/v1/methods` gives them, for tests: the methods of the embedded model, and one that the page has never heard of.
import { readFileSync } from 'node:fs';

/** @typedef {import('../js/network/api.js').Method} Method @typedef {import('../js/network/api.js').Parameter} Parameter */

/**
 * What methods and their pictures say; the server's tests read the same file.
 * @type {{ methods: Record<string, Method['words']>, cases: { method: string, parameters: Record<string, string>, signed: boolean, sentence: string,
 *   low: string, high: string }[] }}
 */
export const captions = JSON.parse(readFileSync(new URL('captions.json', import.meta.url), 'utf8'));

/** @param {string} name @param {Partial<Parameter>} more @returns {Parameter} */
export const parameter = (name, more) =>
  ({ name, type: 'text', range: '', default: 'none', minimum: null, maximum: null, step: null, values: [], description: '', ...more });

const range = [parameter('fromLayer', { type: 'integer', default: '1', minimum: 1 }), parameter('toLayer', { type: 'integer', default: 'L', minimum: 1 })];
const heads = [
  parameter('headFusion', { type: 'word', default: 'mean', values: ['mean', 'max', 'min'] }),
  parameter('head', { type: 'integer', default: 'all', minimum: 1 }),
  parameter('heads', { type: 'word', default: 'fused', values: ['fused', 'each'] }),
];
const query = parameter('query', { default: 'cls; mean for models without CLS' });

/** @param {string} name @param {Partial<Method>} more @returns {Method} */
const method = (name, more) => ({
  name, title: name, meaning: 'What it shows.', limits: 'What it does not.', paper: '', labels: 'unused', signed: false, layers: 'each', frames: [],
  words: captions.methods[name] ?? captions.methods.alignment, parameters: [], ...more,
});

export const rollout = method('rollout', {
  title: 'Attention rollout', layers: 'through', frames: ['cumulative', 'layers'],
  parameters: [
    ...range, ...heads,
    parameter('residual', { type: 'number', range: '0…1000', default: '1', minimum: 0, maximum: 1000 }),
    parameter('discard', { type: 'number', range: '0 ≤ value < 1', default: '0', minimum: 0, maximum: 1 }),
    query, parameter('matrix', { type: 'flag', default: 'false' }),
  ],
});

export const attention = method('attention', { title: 'Raw attention', frames: ['layers'], parameters: [...range, ...heads, query] });

export const alignment = method('alignment', {
  title: 'Label alignment', labels: 'needed', signed: true, frames: ['layers'],
  parameters: [
    ...range, parameter('view', { type: 'word', default: 'cosine', values: ['cosine', 'centered', 'softmax', 'contrast'] }),
    parameter('versus', {}), parameter('target', {}),
  ],
});

export const similarity = method('similarity', {
  title: 'Patch similarity', layers: 'none', signed: true, reference: true,
  parameters: [parameter('toLayer', { type: 'integer', default: 'L', minimum: 1 }), parameter('query', { range: 'row,column' })],
});

/** Known to no file of the page. */
export const probe = method('probe', {
  title: 'Made-up probe', labels: 'needed', layers: 'through',
  parameters: [
    parameter('fromLayer', { type: 'integer', default: 'L − 1', minimum: 1 }), parameter('toLayer', { type: 'integer', default: 'L', minimum: 1 }),
    parameter('strength', { type: 'number', range: '0…2', default: '0.5', minimum: 0, maximum: 2, description: 'How strong.' }),
    parameter('careful', { type: 'flag', range: 'true, false', default: 'false' }),
  ],
});

export const methods = [rollout, attention, alignment, similarity, probe];
