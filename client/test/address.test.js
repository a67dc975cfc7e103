import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings, writeSettings } from '../js/settings/address.js';
import { fromCsv, toCsv } from '../js/settings/csv.js';
import { defaults, keys } from '../js/settings/table.js';
import { withoutUnknown } from '../js/settings/unknown.js';
import { methods } from '../testing/methods.js';

/** @type {import('../js/settings/table.js').Settings} */
const rich = {
  ...defaults, sample: 'scene-02', model: 'demo-clip', resolution: 72, labels: ['cat', 'salt, pepper', 'a "quoted" word', 'Bäume & Büsche'],
  prompt: ['a {}', 'the {}, twice'], target: 'cat', method: 'alignment', fromLayer: 2, toLayer: 5, at: 3, frames: 'layers', query: '3,7', hover: 'read',
  reference: 'scene-05', blend: 'flat', colormap: 'turbo', opacity: 0.75, scale: 'shared',
  interpolation: 'nearest', delay: 800, compare: 'heads', compareMethods: ['rollout', 'libra'], compareModel: 'vit',
  score: true, regions: 'mass', regionMass: 0.25, regionPercentile: 95,
  parameters: { view: 'contrast', versus: 'dog', strength: '0.25' },
};

test('Every setting survives the way through the address', () => {
  assert.deepEqual({ ...defaults, ...readSettings(writeSettings(rich)) }, rich);
  for (const key of keys) assert.notDeepEqual(rich[key], defaults[key], `${key} is not tried`);
});

test('What this server does not have is set back to the default, and said', () => {
  const strange = {
    ...rich, model: 'big-clip', method: 'guess', compareModel: 'vit', compareMethods: ['rollout', 'dream'], parameters: { strength: '1', utm: 'x' },
  };
  const { settings, notices } = withoutUnknown(strange, [{ id: 'demo-clip' }], methods);
  assert.deepEqual(settings, { model: null, method: null, compareModel: null, compareMethods: ['rollout'], parameters: { strength: '1' } });
  assert.match(notices.join(' '), /“big-clip”.*“guess”.*“vit”.*dream/);
  const known = { ...rich, compareMethods: ['rollout'] };
  assert.deepEqual(withoutUnknown(known, [{ id: 'demo-clip' }, { id: 'vit' }], methods), { settings: {}, notices: [] });
});

test('Default settings leave the address bare', () => assert.equal(writeSettings(defaults), ''));

test('What an address spells wrong is left out', () => {
  assert.deepEqual(readSettings('?opacity=2&query=1;2&fromLayer=-1&colormap=pink&delay=x&scale=&strength='), {});
});

test('A name that is no setting is kept for the method that may declare it', () => {
  assert.deepEqual(readSettings('?strength=0.25&opacity=0'), { opacity: 0, parameters: { strength: '0.25' } });
});

test('Labels with commas, quotes and spaces survive CSV', () => {
  assert.deepEqual(fromCsv(toCsv(rich.labels)), rich.labels);
  assert.deepEqual(fromCsv(' cat , dog,,"red, green" '), ['cat', 'dog', 'red, green']);
});
