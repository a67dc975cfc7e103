import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewOf } from '../js/compute/views.js';
import { largestDifference } from '../testing/fixtures.js';

const alignments = [Float32Array.of(0.2, 0.1, -0.3), Float32Array.of(0.1, 0.4, 0), Float32Array.of(0, 0.1, 0.9)];
const patches = [0, 1, 2];

test('Cosine is the raw alignment', () => assert.deepEqual(viewOf('cosine', alignments, 1, {}), alignments[1]));

test('Centered takes the mean over labels away', () => {
  const expected = patches.map((p) => alignments[0][p] - (alignments[0][p] + alignments[1][p] + alignments[2][p]) / 3);
  assert.ok(largestDifference(viewOf('centered', alignments, 0, {}), expected) < 1e-6);
});

test('Softmax is over the labels of each patch at the model\'s temperature', () => {
  const expected = patches.map((p) => Math.exp(100 * alignments[2][p]) / alignments.reduce((sum, values) => sum + Math.exp(100 * values[p]), 0));
  assert.ok(largestDifference(viewOf('softmax', alignments, 2, { temperature: 100 }), expected) < 1e-6);
});

test('Softmax stays finite for class logits far apart', () => {
  const far = [Float32Array.of(5000), Float32Array.of(-5000)];
  assert.deepEqual([viewOf('softmax', far, 0, {})[0], viewOf('softmax', far, 1, {})[0]], [1, 0]);
});

test('Contrast takes the rival away', () => {
  const expected = patches.map((p) => alignments[0][p] - alignments[1][p]);
  assert.ok(largestDifference(viewOf('contrast', alignments, 0, { against: alignments[1] }), expected) < 1e-6);
});
