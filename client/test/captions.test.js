import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effective } from '../js/compute/effective.js';
import { captionOf, endsOf, rangeInWords, sentenceOf } from '../js/panels/captions.js';
import { captions } from '../testing/methods.js';
import { answerOf, stateOf } from '../testing/state.js';

/** @param {object} settings @param {{ signed?: boolean, colormap?: string, map?: null }} [more] */
function screen(settings, { signed = false, colormap = signed ? 'coolwarm' : 'viridis', map } = {}) {
  const answer = answerOf();
  const shown = effective(stateOf(settings), answer);
  const label = shown.method.labels === 'unused' ? null : shown.target;
  const maps = map === null ? [] : [{ layer: 6, head: null, label, signed, values: Float64Array.of(1) }];
  return /** @type {any} */ ({ answer, shown, colormap, map: maps[0] ?? null, set: { maps }, limits: { low: 0, high: 1, by: 'percentiles' } });
}

test('A sentence says to a stranger what the picture shows, and the ends of the colours are words: the same as in pictures of the server', () => {
  for (const { method, parameters: { query, target, colormap, ...parameters }, signed, sentence, low, high } of captions.cases) {
    const shown = screen({ method, parameters, query: query ?? null, target: target ?? null }, { signed, colormap });
    assert.equal(sentenceOf(shown), sentence);
    assert.deepEqual(endsOf(shown), { low, high });
  }
  assert.equal(sentenceOf(screen({}, { map: null })), 'Attention rollout of demo-clip, in numbers.');
});

test('A caption names method, model, label, token, layers, and what differs from the defaults', () => {
  const caption = (/** @type {object} */ settings) => captionOf(screen(settings));
  assert.equal(caption({}), 'Attention rollout · demo-clip · from CLS · layers 1–6 of 6');
  assert.equal(caption({ fromLayer: 2, at: 4, parameters: { residual: '0.5', headFusion: 'max' } }),
    'Attention rollout · demo-clip · from CLS · layers 2–4 of 6 · max over heads · residual: 0.5');
  assert.equal(caption({ method: 'attention', query: 'mean', parameters: { head: '2', headFusion: 'max' } }),
    'Raw attention · demo-clip · from the average of all patches · layer 6 of 6 · head 2');
  assert.equal(caption({ method: 'alignment', target: 'dog', parameters: { view: 'contrast' } }),
    'Label alignment · demo-clip · dog · layer 6 of 6 · against no text at all');
  assert.equal(caption({ method: 'probe', parameters: { strength: '2' } }), 'Made-up probe · demo-clip · cat · layers 5–6 of 6 · strength: 2');
});

test('The bar says how its range was chosen', () => {
  assert.equal(rangeInWords(screen({})), 'Colours: outliers clipped.');
  assert.match(rangeInWords({ ...screen({}), limits: { low: 0, high: 1, by: 'extremes' } }), /a few patches stand far above the rest/);
  assert.match(rangeInWords({ ...screen({}), set: /** @type {any} */ ({ maps: [{}, {}] }) }), /the same for all labels/);
});
