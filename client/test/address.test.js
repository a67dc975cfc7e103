import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromCsv, queryFor, rangeAt, tensorsQuery, toCsv } from '../js/apiQuery.js';
import { defaults } from '../js/state.js';
import { readSettings, writeSettings } from '../js/url.js';

/** @typedef {import('../js/state.js').Settings} Settings */

/** @type {Settings} */
const rich = {
  ...defaults, sample: 'scene-02', model: 'demo-clip', labels: ['cat', 'salt, pepper', 'a "quoted" word', 'Bäume & Büsche'], prompt: ['a {}', 'the {}, twice'],
  target: 'cat', versus: 'dog', method: 'alignment', view: 'contrast', fromLayer: 2, toLayer: 5, at: 3, frames: 'layers', headFusion: 'max', head: 2,
  residual: 0.5, discard: 0.9, query: '3,7', colormap: 'turbo', opacity: 0.75, scale: 'shared', interpolation: 'nearest', delay: 800, compare: 'heads',
};

test('Every setting survives the way through the address', () => {
  assert.deepEqual({ ...defaults, ...readSettings(writeSettings(rich)) }, rich);
  for (const key of /** @type {(keyof Settings)[]} */ (Object.keys(defaults))) assert.notDeepEqual(rich[key], defaults[key], `${key} is not tried`);
});

test('Default settings leave the address bare', () => assert.equal(writeSettings(defaults), ''));

test('What an address spells wrong is left out', () => {
  assert.deepEqual(readSettings('?method=guess&opacity=2&residual=&discard=1&query=1;2&fromLayer=-1&colormap=pink&head=x&unknown=1'), {});
});

test('Labels with commas, quotes and spaces survive CSV', () => {
  assert.deepEqual(fromCsv(toCsv(rich.labels)), rich.labels);
  assert.deepEqual(fromCsv(' cat , dog,,"red, green" '), ['cat', 'dog', 'red, green']);
});

test("The page's own request names only what the answer depends on", () => {
  const question = { picture: /** @type {any} */ (null), model: 'demo-clip', labels: ['cat', 'dog'], prompt: ['a {}'], versus: null, heads: true };
  assert.equal(tensorsQuery(question), 'model=demo-clip&labels=cat,dog&prompt=a%20%7B%7D&heads=each');
});

/** @param {Partial<Settings>} settings */
const shown = (settings) => /** @type {import('../js/maps.js').Effective} */ ({ ...defaults, fromLayer: 1, toLayer: 6, at: 6, query: 'cls', labels: ['cat', 'dog'], target: 'cat', ...settings });
const answer = /** @type {any} */ ({ layers: 6, hasCls: true, question: { model: 'demo-clip', labels: ['cat', 'dog'], prompt: [], versus: null, heads: false } });

test('A query leaves out what is the default', () => {
  assert.equal(queryFor('explain/overlay', shown({}), answer), 'model=demo-clip&labels=cat,dog');
});

test('An overlay of the layer looked at ends its range there', () => {
  assert.deepEqual(rangeAt(shown({ fromLayer: 2, at: 4 })), { fromLayer: 2, toLayer: 4 });
  assert.deepEqual(rangeAt(shown({ fromLayer: 2, at: 4, frames: 'layers' })), { fromLayer: 4, toLayer: 4 });
  assert.match(queryFor('explain/overlay', shown({ fromLayer: 2, at: 4 }), answer), /fromLayer=2&toLayer=4$/);
});

test('Each endpoint has its own defaults', () => {
  assert.match(queryFor('explain/animation', shown({}), answer), /scale=percentile$/);
  assert.doesNotMatch(queryFor('explain/animation', shown({ scale: 'shared' }), answer), /scale/);
  assert.match(queryFor('explain/overlay', shown({ scale: 'shared' }), answer), /scale=shared$/);
  assert.doesNotMatch(queryFor('explain', shown({ colormap: 'turbo', opacity: 0.1 }), answer), /colormap|opacity/);
});

test('Parameters go only to the method that uses them', () => {
  const query = queryFor('explain/overlay', shown({ method: 'alignment', view: 'contrast', versus: 'dog', residual: 0.5, query: '1,2' }), answer);
  assert.equal(query, 'model=demo-clip&labels=cat,dog&method=alignment&target=cat&view=contrast&versus=dog');
});
