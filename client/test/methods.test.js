import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effective, labelMethod, whyNot } from '../js/compute/effective.js';
import { setOf } from '../js/network/fetchedMaps.js';
import { captionsOf, controlOf } from '../js/panels/wording.js';
import { layerOf, readValue, valuesOf } from '../js/settings/declared.js';
import { alignment, attention, parameter, probe, rollout } from '../testing/methods.js';
import { answerOf, stateOf } from '../testing/state.js';

const context = { method: probe, heads: 3, rivals: ['dog'], text: true };

test('A method that the page has never heard of has its values, its controls and its caption from the declaration', () => {
  assert.deepEqual(valuesOf(probe, { strength: '1.5', residual: '3' }), { strength: 1.5, careful: false });
  assert.deepEqual(controlOf(probe.parameters[2], context),
    { kind: 'slider', title: 'Strength', hint: 'How strong.', choices: [], minimum: 0, maximum: 2, step: 0.02 });
  assert.equal(controlOf(probe.parameters[3], context).kind, 'flag');
  assert.deepEqual(captionsOf(probe, valuesOf(probe, { strength: '1.5', careful: 'true' })), ['strength: 1.5', 'careful']);
});

test('A text that is no value of its parameter stands for the default', () => {
  const values = valuesOf(rollout, { residual: '-1', discard: '1', headFusion: 'median', head: '1.5' });
  assert.deepEqual(values, { headFusion: 'mean', head: null, residual: 1, discard: 0 });
  assert.equal(readValue(parameter('size', { type: 'integer' }), 'many'), undefined);
  assert.equal(readValue(parameter('careful', { type: 'flag' }), 'yes'), undefined);
  assert.equal(readValue(parameter('size', { type: 'number' }), ''), undefined);
});

test('Each kind of parameter has its control', () => {
  const kind = (/** @type {Partial<import('../js/network/api.js').Parameter>} */ more) => controlOf(parameter('prefixMass', more), context).kind;
  assert.equal(kind({ type: 'word', values: ['a', 'b'] }), 'segments');
  assert.equal(kind({ type: 'word', values: ['entropy', 'distance', 'prefixMass', 'another'] }), 'select');
  assert.equal(kind({ type: 'integer', minimum: 1 }), 'number');
  assert.equal(kind({ type: 'integer', minimum: 1, maximum: 9 }), 'slider');
  assert.equal(kind({ type: 'text' }), 'text');
  assert.equal(controlOf(parameter('prefixMass', {}), context).title, 'Prefix mass');
});

test('A parameter is called what its declaration calls it, in its control and below the picture', () => {
  const sinks = parameter('sinks', {
    type: 'word', values: ['keep', 'mask'], default: 'keep', title: 'Patches that collect attention', valueTitles: ['keep', 'leave out'],
  });
  const { title, choices } = controlOf(sinks, context);
  assert.deepEqual([title, choices?.map((choice) => choice.title)], ['Patches that collect attention', ['Keep', 'Leave out']]);
  const method = { ...probe, parameters: [sinks] };
  assert.deepEqual(captionsOf(method, valuesOf(method, { sinks: 'mask' })), ['patches that collect attention: leave out']);
});

test('The layer that a declaration names is counted from either end', () => {
  assert.deepEqual(['1', '3', 'L', 'L − 1', 'L-2', 'the last', undefined, 'L − 9'].map((text) => layerOf(text, 6, 4)), [1, 3, 6, 5, 4, 4, 4, 1]);
  assert.equal(effective(stateOf({ method: 'probe' }), answerOf()).fromLayer, 5);
});

test('A method that needs labels waits for one, and the first that can be shown stands in', () => {
  const answer = answerOf({ labels: [], predictions: [], hasAlignment: false });
  const state = stateOf({ method: 'probe' });
  assert.equal(whyNot(probe, state, answer), 'Add a label first.');
  assert.equal(effective(state, answer).method, rollout);
  assert.equal(labelMethod(state, answer), null);
  assert.equal(whyNot(probe, state, answerOf()), null);
});

test('A method that the model cannot serve says why in the words of the server', () => {
  const unavailable = [{ method: 'alignment', reason: 'The head pools.' }];
  const models = [{ id: 'demo-clip', text: true, classes: null, methods: ['rollout', 'attention'], unavailable }];
  const state = stateOf({ models });
  assert.equal(whyNot(alignment, state, answerOf()), 'The head pools.');
  assert.equal(whyNot(probe, state, answerOf()), 'Not offered by this model.');
  assert.equal(whyNot(attention, state, answerOf()), null);
});

test('In place of a method that the model cannot serve stands one that shows labels as it does', () => {
  const models = [{ id: 'demo-clip', text: true, classes: null, methods: ['rollout', 'attention', 'alignment'], unavailable: [] }];
  assert.equal(effective(stateOf({ models, method: 'probe' }), answerOf()).method, alignment);
});

test('A label is shown by the method on screen where it depends on labels, else by what the server recommends, else by the first that does', () => {
  assert.equal(labelMethod(stateOf({ method: 'probe' }), answerOf()), probe);
  const model = { id: 'demo-clip', text: true, classes: null, methods: ['rollout', 'alignment', 'attention', 'probe'], recommended: 'probe', unavailable: [] };
  assert.equal(labelMethod(stateOf({ models: [model], method: 'attention' }), answerOf()), probe);
  assert.equal(labelMethod(stateOf({ method: 'attention' }), answerOf()), alignment);
});

test('What a head, a view or a query cannot be for this model falls back', () => {
  const of = (/** @type {object} */ settings, /** @type {object} */ answer = {}) => effective(stateOf(settings), answerOf(answer));
  assert.equal(of({ parameters: { head: '2' } }).values.head, 2);
  assert.equal(of({ parameters: { head: '2' } }, { hasHeads: false }).values.head, null);
  assert.equal(of({ method: 'alignment', parameters: { view: 'centered' } }).values.view, 'centered');
  assert.equal(of({ method: 'alignment', parameters: { view: 'centered' } }, { labels: ['cat'] }).values.view, 'cosine');
  assert.deepEqual([of({ query: '3,3' }).query, of({ query: '4,0' }).query, of({ query: 'cls' }, { hasCls: false }).query], ['3,3', null, null]);
});

test('Colours of an answer are no map', () => {
  const colors = { layer: 6, head: null, label: null, signed: false, explained: [0.5, 0.3, 0.1], values: [[[1, 0, 0], [0, 1, 0]], [[0, 0, 1], [1, 1, 1]]] };
  const set = setOf({ maps: [colors], warnings: [] });
  assert.deepEqual([set.maps, set.colors?.channels, set.colors?.explained], [[], 3, [0.5, 0.3, 0.1]]);
  assert.deepEqual([...(set.colors?.values ?? [])], [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1]);
});

test('Maps, series and scores of an answer are read as they come', () => {
  const map = { layer: 6, head: null, label: 'cat', signed: true, values: [[1, 2], [3, -4]] };
  const set = setOf({ maps: [map], scores: [{ name: 'sum', label: 'cat', value: 2 }], warnings: ['careful'] });
  assert.deepEqual([...set.maps[0].values], [1, 2, 3, -4]);
  assert.deepEqual([set.series, set.scores, set.warnings], [{}, [{ name: 'sum', label: 'cat', value: 2 }], ['careful']]);
});
