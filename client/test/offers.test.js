import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offersIn, warningInWords } from '../js/panels/offers.js';

const sinks = { name: 'sinks', type: 'word', values: ['keep', 'mask'], default: 'keep', minimum: null, maximum: null, range: '' };
const state = (/** @type {object} */ more) => /** @type {any} */ ({
  wanted: { method: { parameters: [sinks] }, chosen: { sinks: 'keep' } }, parameters: { head: '2' }, scale: 'percentile', ...more,
});

test('A setting that a warning names is one click away', () => {
  const [offer, ...others] = offersIn('4 patches are attention sinks; sinks=mask leaves it out.', state({}));
  assert.deepEqual(offer, { words: 'Leave them out', change: { parameters: { head: '2', sinks: 'mask' } } });
  assert.equal(others.length, 0);
  const shown = [{ words: 'Show the other patches', change: { scale: 'shared' } }];
  assert.deepEqual(offersIn('It hides the rest: scale=shared shows the others.', state({})), shown);
});

test('Nothing is offered that is chosen, unknown to the method, or no value', () => {
  assert.deepEqual(offersIn('scale=shared', state({ scale: 'shared' })), []);
  assert.deepEqual(offersIn('sinks=mask', state({ wanted: { method: { parameters: [sinks] }, chosen: { sinks: 'mask' } } })), []);
  assert.deepEqual(offersIn('gradients=plain sinks=drown', state({})), []);
  assert.deepEqual(offersIn('sinks=mask', state({ wanted: null })), []);
});

test('A warning counts rows and columns as the page does, and calls settings by their titles', () => {
  assert.equal(warningInWords('2 patches are attention sinks (row,column 0,0; 13,2): they gather attention whatever is there; sinks=mask leaves it out.'),
    '2 patches are attention sinks (row 1, column 1; row 14, column 3): they gather attention whatever is there; they can be left out.');
  assert.equal(warningInWords('It hides the rest: scale=shared shows the others.'),
    'It hides the rest: the colour range “Same for all layers” shows the others.');
});
