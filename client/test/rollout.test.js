import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AttentionStack, queryWeights } from '../js/compute/rollout.js';
import { largestDifference, readModel } from '../testing/fixtures.js';

const folders = ['vit', 'clip', 'deit_distilled', 'dinov2', 'dinov2_registers', 'dinov3', 'siglip', 'beit', 'timm_vit', 'open_clip'];
const cases = [
  { name: 'rollout_mean_alpha1', fusion: 'mean', alpha: 1 },
  { name: 'rollout_max_alpha1', fusion: 'max', alpha: 1 },
  { name: 'rollout_min_alpha1', fusion: 'min', alpha: 1 },
  { name: 'rollout_mean_alpha0.5', fusion: 'mean', alpha: 0.5 },
  { name: 'rollout_mean_alpha1_layers1to2', fusion: 'mean', alpha: 1, from: 2, to: 3 },
  { name: 'rollout_mean_alpha1_discard0.9', fusion: 'mean', alpha: 1, ratio: 0.9 },
];

for (const folder of folders) {
  test(`Rollouts of ${folder} are PyTorch's`, () => {
    const { meta, array, names } = readModel(folder);
    const { layers, heads, tokens, prefix_tokens: prefix, has_cls: hasCls, grid: [rows, columns] } = meta;
    const query = queryWeights(hasCls ? 'cls' : 'mean', { tokens, prefixTokens: prefix, grid: { columns } });
    for (const { name, fusion, alpha, from = 1, to = layers, ratio = 0 } of cases.filter((each) => names.includes(each.name))) {
      const stack = new AttentionStack(fuse(array('attentions'), layers, heads, tokens, fusion), tokens, hasCls);
      const patches = stack.row(query, from, to, alpha, ratio).subarray(prefix, prefix + rows * columns);
      assert.ok(largestDifference(patches, array(name)) < 1e-5, name);
    }
  });
}

test('Rows of a rollout sum to one, whatever the residual and the discard ratio', () => {
  const stack = randomStack(4, 17);
  for (const alpha of [0, 0.5, 1, 1000])
    for (const ratio of [0, 0.3, 0.95]) assert.ok(Math.abs(sum(stack.row(query(17, 3), 1, 4, alpha, ratio)) - 1) < 1e-9);
});

test('One layer without residual is its attention, and a huge residual is the query itself', () => {
  const stack = randomStack(3, 9);
  assert.ok(largestDifference(stack.row(query(9, 2), 2, 2, 0), stack.attention(query(9, 2), 2)) < 1e-6);
  assert.ok(largestDifference(stack.row(query(9, 2), 1, 3, 1e9), query(9, 2)) < 1e-6);
});

test('A range is the product of its parts, later layers on the left', () => {
  const stack = randomStack(5, 11);
  assert.ok(largestDifference(stack.row(stack.row(query(11, 0), 3, 5), 1, 2), stack.row(query(11, 0), 1, 5)) < 1e-12);
});

test('Ties are discarded in index order and the CLS column stays', () => {
  const plane = Float32Array.of(0.1, 0.4, 0.5, 0.2, 0.4, 0.4, 0.1, 0.4, 0.5);
  const discarded = (/** @type {boolean} */ hasCls) =>
    [...new AttentionStack([plane], 3, hasCls).discarded(5 / 9).planes[0]].map((value) => Math.round(value * 10) / 10);
  assert.deepEqual(discarded(true), [0.1, 0, 0.5, 0.2, 0, 0.4, 0.1, 0.4, 0.5]);
  assert.deepEqual(discarded(false), [0, 0, 0.5, 0, 0, 0.4, 0, 0.4, 0.5]);
});

test('What is discarded is what a stable sort puts first', () => {
  const { planes: [plane] } = randomStack(1, 23);
  plane.forEach((value, i) => (plane[i] = Math.round(value * 400) / 400));
  for (const ratio of [0.01, 0.4, 0.77, 0.999]) {
    const expected = plane.slice();
    const order = Array.from(plane.keys()).sort((a, b) => plane[a] - plane[b]);
    for (const index of order.slice(0, Math.floor(ratio * 23 * 23))) if (index % 23 !== 0) expected[index] = 0;
    assert.deepEqual(new AttentionStack([plane], 23, true).discarded(ratio).planes[0], expected);
  }
});

test('A row that loses everything becomes uniform', () => {
  const stack = new AttentionStack([Float32Array.of(0.01, 0.01, 0.5, 0.5)], 2, false);
  assert.deepEqual([...stack.row(query(2, 0), 1, 1, 0, 0.5)], [0.5, 0.5]);
});

test('Queries name the CLS token, the mean of all tokens, or a patch behind the prefix', () => {
  const model = { tokens: 7, prefixTokens: 1, grid: { columns: 3 } };
  assert.deepEqual([...queryWeights('cls', model)], [1, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual([...queryWeights('1,2', model)], [0, 0, 0, 0, 0, 0, 1]);
  assert.ok(Math.abs(sum(queryWeights('mean', model)) - 1) < 1e-12);
});

/** @param {Float32Array} attentions @param {number} layers @param {number} heads @param {number} tokens @param {string} fusion */
function fuse(attentions, layers, heads, tokens, fusion) {
  const size = tokens * tokens;
  return Array.from({ length: layers }, (_, layer) => Float32Array.from({ length: size }, (_, entry) => {
    const values = Array.from({ length: heads }, (_, head) => attentions[(layer * heads + head) * size + entry]);
    return fusion === 'max' ? Math.max(...values) : fusion === 'min' ? Math.min(...values) : sum(values) / heads;
  }));
}

/** @param {number} layers @param {number} tokens */
function randomStack(layers, tokens) {
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const planes = Array.from({ length: layers }, () => {
    const plane = Float32Array.from({ length: tokens * tokens }, () => random() ** 4 + 1e-6);
    for (let row = 0; row < tokens; row++) {
      const total = sum(plane.subarray(row * tokens, (row + 1) * tokens));
      for (let column = 0; column < tokens; column++) plane[row * tokens + column] /= total;
    }
    return plane;
  });
  return new AttentionStack(planes, tokens, true);
}

/** @param {number} tokens @param {number} at */
function query(tokens, at) {
  const weights = new Float64Array(tokens);
  weights[at] = 1;
  return weights;
}

/** @param {ArrayLike<number>} values */
function sum(values) {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}
