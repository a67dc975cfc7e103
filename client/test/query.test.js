import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effective } from '../js/compute/effective.js';
import { methodsQuery, expectedQuery, mapsQuery, queryFor, tensorsQuery } from '../js/network/query.js';
import { resolutionOf, sizesOf } from '../js/settings/resolution.js';
import { defaults } from '../js/settings/table.js';
import { answerOf, stateOf } from '../testing/state.js';

/** @param {Partial<import('../js/settings/table.js').Settings>} settings @param {object} [answer] */
function shown(settings, answer) {
  const given = answerOf(answer);
  return { answer: given, shown: effective(stateOf({ labels: ['cat', 'dog'], ...settings }), given) };
}

/** @param {import('../js/network/query.js').Endpoint} endpoint @param {Partial<import('../js/settings/table.js').Settings>} settings */
function query(endpoint, settings) {
  const { shown: effect, answer } = shown(settings);
  return queryFor(endpoint, effect, answer);
}

test("The page's own request names only what the answer depends on", () => {
  const picture = /** @type {any} */ (null);
  const question = { picture, model: 'demo-clip', resolution: null, labels: ['cat', 'dog'], classes: false, prompt: ['a {}'], versus: null, heads: true };
  assert.equal(tensorsQuery(question), 'model=demo-clip&labels=cat,dog&prompt=a%20%7B%7D&heads=each');
});

test('A size that the model takes beside its own is asked for', () => {
  const model = /** @type {any} */ ({ imageSize: { width: 44, height: 44 }, resolutions: { minimum: 16, maximum: 96, step: 8 } });
  assert.deepEqual(sizesOf(model), [16, 24, 32, 40, 44, 48, 56, 64, 72, 80, 88, 96]);
  assert.deepEqual([72, 44, 50, 104, null].map((size) => resolutionOf(model, size)), [72, null, null, null, null]);
  assert.deepEqual([sizesOf({ ...model, resolutions: null }), resolutionOf({ ...model, resolutions: null }, 72)], [[], null]);
  const question = { model: 'demo-clip', resolution: 72, labels: ['cat', 'dog'], prompt: [], versus: null, heads: false };
  const { shown: effect, answer } = shown({}, { question });
  assert.equal(queryFor('explain/overlay', effect, answer), 'model=demo-clip&labels=cat,dog&resolution=72&method=rollout');
});

test('Every call about the picture names the size that the model sees it at', () => {
  const question = /** @type {any} */ ({ model: 'demo-clip', resolution: 72, labels: ['cat', 'dog'], prompt: [], versus: null, heads: false });
  const { shown: effect, answer } = shown({ method: 'probe' }, { question });
  /** @type {import('../js/network/query.js').Endpoint[]} */
  const endpoints = ['explain', 'explain/overlay', 'explain/animation', 'explain/grid', 'explain/regions', 'explain/evidence', 'explain/tensors'];
  const queries = [
    tensorsQuery(question), mapsQuery(effect, answer, 6), methodsQuery(['rollout', 'probe'], effect, answer), expectedQuery(answer, 'dog'),
    ...endpoints.map((endpoint) => queryFor(endpoint, effect, answer)),
  ];
  for (const query of queries) assert.match(query, /^model=demo-clip&labels=cat,dog&resolution=72(&|$)/);
});

test('A query leaves out what is the default', () => {
  assert.equal(query('explain/overlay', {}), 'model=demo-clip&labels=cat,dog&method=rollout');
});

test('An overlay of the layer looked at ends its range there', () => {
  assert.match(query('explain/overlay', { fromLayer: 2, at: 4, frames: 'layers' }), /fromLayer=4&toLayer=4$/);
  assert.match(query('explain/overlay', { fromLayer: 2, at: 4 }), /fromLayer=2&toLayer=4$/);
});

test('Each endpoint has its own defaults', () => {
  assert.match(query('explain/animation', {}), /scale=percentile$/);
  assert.doesNotMatch(query('explain/animation', { scale: 'shared' }), /scale/);
  assert.match(query('explain/overlay', { scale: 'shared' }), /scale=shared$/);
  assert.doesNotMatch(query('explain', { colormap: 'turbo', opacity: 0.1 }), /colormap|opacity/);
  assert.match(query('explain/animation', { frames: 'layers' }), /frames=layers/);
});

test('Parameters go only to the method that declares them', () => {
  const parameters = { view: 'contrast', versus: 'dog', residual: '0.5', strength: '2' };
  assert.equal(query('explain/overlay', { method: 'alignment', parameters, query: '1,2' }),
    'model=demo-clip&labels=cat,dog&method=alignment&view=contrast&versus=dog&target=cat');
  assert.equal(query('explain', { method: 'probe', parameters, query: '1,2' }), 'model=demo-clip&labels=cat,dog&method=probe&strength=2&target=cat');
  // A default, and a head that the model lacks.
  assert.equal(query('explain', { parameters: { residual: '1', head: '7' } }), 'model=demo-clip&labels=cat,dog&method=rollout');
});

test('A map that the page cannot compute is asked for by what it depends on, not by the label looked at', () => {
  const { shown: effect, answer } = shown({ method: 'probe', target: 'dog', opacity: 0.1, parameters: { strength: '1.5' } });
  assert.equal(mapsQuery(effect, answer, 6), 'model=demo-clip&labels=cat,dog&method=probe&strength=1.5');
  assert.equal(mapsQuery(effect, answer, 5), 'model=demo-clip&labels=cat,dog&method=probe&strength=1.5&toLayer=5');
  const fromTwo = shown({ method: 'probe', fromLayer: 2 });
  assert.equal(mapsQuery(fromTwo.shown, fromTwo.answer, 6), 'model=demo-clip&labels=cat,dog&method=probe&fromLayer=2');
});
