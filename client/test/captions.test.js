import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effective } from '../js/compute/effective.js';
import { captionOf, endsOf, rangeInWords, sentenceOf } from '../js/panels/captions.js';
import { answerOf, stateOf } from '../testing/state.js';

/** @param {object} settings @param {{ signed?: boolean, colormap?: string, map?: null }} [more] */
function screen(settings, { signed = false, colormap = signed ? 'coolwarm' : 'viridis', map } = {}) {
  const answer = answerOf();
  const shown = effective(stateOf(settings), answer);
  const label = shown.method.labels === 'unused' ? null : shown.target;
  const maps = map === null ? [] : [{ layer: 6, head: null, label, signed, values: Float64Array.of(1) }];
  return /** @type {any} */ ({ answer, shown, colormap, map: maps[0] ?? null, set: { maps }, limits: { low: 0, high: 1, by: 'percentiles' } });
}

test('A sentence says to a stranger what the picture shows', () => {
  const sentence = (/** @type {object} */ settings, /** @type {object} */ more = {}) => sentenceOf(screen(settings, more));
  assert.equal(sentence({}), 'Where demo-clip looks: bright patches count most.');
  assert.equal(sentence({ query: '1,2' }), 'Where the patch in row 2, column 3 looks: bright patches count most for it.');
  assert.equal(sentence({ method: 'alignment', target: 'dog' }), 'Where demo-clip finds “dog”: bright patches fit it best.');
  assert.equal(sentence({ method: 'probe' }, { signed: true }), 'Where demo-clip finds “cat”: red patches speak for it, blue ones against.');
  const grey = { signed: true, colormap: 'gray' };
  assert.equal(sentence({ method: 'probe' }, grey), 'Where demo-clip finds “cat”: bright patches speak for it, dark ones against.');
  const contrast = { method: 'alignment', parameters: { view: 'contrast', versus: 'dog' } };
  assert.equal(sentence(contrast, { signed: true }), 'What tells “cat” from “dog” for demo-clip: red patches speak for cat, blue ones for dog.');
  assert.equal(sentence({}, { map: null }), 'Attention rollout of demo-clip, in numbers.');
});

test('A caption names method, model, label, token, layers, and what differs from the defaults', () => {
  const caption = (/** @type {object} */ settings) => captionOf(screen(settings));
  assert.equal(caption({}), 'Attention rollout · demo-clip · from CLS · layers 1–6 of 6');
  assert.equal(caption({ fromLayer: 2, at: 4, parameters: { residual: '0.5', headFusion: 'max' } }),
    'Attention rollout · demo-clip · from CLS · layers 2–4 of 6 · max over heads · residual 0.5');
  assert.equal(caption({ method: 'attention', query: 'mean', parameters: { head: '2', headFusion: 'max' } }),
    'Raw attention · demo-clip · from the average of all tokens · layer 6 of 6 · head 2');
  assert.equal(caption({ method: 'alignment', target: 'dog', parameters: { view: 'contrast' } }),
    'Label alignment · demo-clip · dog · layer 6 of 6 · against the empty text');
  assert.equal(caption({ method: 'probe', parameters: { strength: '2' } }), 'Made-up probe · demo-clip · cat · layers 5–6 of 6 · strength 2');
});

test('The ends of the colours are words', () => {
  const ends = (/** @type {object} */ settings, /** @type {object} */ more = {}) => Object.values(endsOf(screen(settings, more)));
  assert.deepEqual(ends({}), ['looks little', 'looks a lot']);
  assert.deepEqual(ends({ method: 'alignment' }), ['less cat', 'more cat']);
  assert.deepEqual(ends({ method: 'probe' }, { signed: true }), ['against cat', 'for cat']);
  assert.deepEqual(ends({ method: 'alignment', parameters: { view: 'contrast', versus: 'dog' } }, { signed: true }), ['for dog', 'for cat']);
});

test('The bar says how its range was chosen', () => {
  assert.equal(rangeInWords(screen({})), 'Colours: outliers clipped.');
  assert.match(rangeInWords({ ...screen({}), limits: { low: 0, high: 1, by: 'extremes' } }), /a few patches stand far above the rest/);
  assert.match(rangeInWords({ ...screen({}), set: /** @type {any} */ ({ maps: [{}, {}] }) }), /the same for all labels/);
});
