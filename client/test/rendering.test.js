import assert from 'node:assert/strict';
import { test } from 'node:test';
import { palette } from '../js/canvas/colormaps.js';
import { tables } from '../js/canvas/colormapTables.js';
import { limitsOf } from '../js/compute/scales.js';
import { table } from '../js/settings/table.js';
import { axis, upsample } from '../js/canvas/upsample.js';
import { largestDifference, readJson } from '../testing/fixtures.js';

test("Colormaps are matplotlib's tables", () => {
  const expected = readJson('rendering', 'colormaps.json');
  const names = /** @type {(keyof typeof tables)[]} */ (Object.keys(tables));
  for (const name of names) {
    const bytes = (/** @type {number} */ pixel) => [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
    const colors = [...palette(name)].map((pixel) => bytes(pixel).map((byte) => byte.toString(16).padStart(2, '0')).join(''));
    assert.deepEqual(colors, expected[name], name);
  }
  assert.ok(names.every((name) => table.colormap.read(name) === name), 'the settings know them all');
});

test("Enlarging is PyTorch's interpolation", () => {
  for (const { mode, grid, size: [height, width], values } of readJson('rendering', 'upsampling.json')) {
    const columns = grid[0].length;
    const actual = new Float32Array(height * width);
    const [across, down] = [axis(mode, columns, 0, width, 0, width), axis(mode, grid.length, 0, height, 0, height)];
    upsample(grid.flat(), columns, across, down, (row, y) => actual.set(row, y * width));
    assert.ok(largestDifference(actual, values.flat()) < 2e-5, `${mode} ${grid.length}x${columns} to ${height}x${width}`);
  }
});

test('A part of the picture holds the same numbers as the whole', () => {
  const whole = axis('bilinear', 7, 0, 60, 4.5, 50);
  const part = axis('bilinear', 7, 20, 10, 4.5, 50);
  assert.deepEqual([...part.weights], [...whole.weights.subarray(40, 60)]);
  assert.deepEqual([...part.cells], [...whole.cells.subarray(40, 60)]);
});

const plain = (/** @type {Float64Array} */ values) => ({ values, signed: false });
const signed = (/** @type {Float64Array} */ values) => ({ values, signed: true });

test('Scales take percentiles by linear interpolation, extremes, or fixed limits', () => {
  const map = Float64Array.from({ length: 101 }, (_, i) => 100 - i);
  assert.deepEqual(limitsOf('percentile', [plain(map)]), { low: 1, high: 99, by: 'percentiles' });
  assert.deepEqual(limitsOf('minmax', [plain(map)]), { low: 0, high: 100, by: 'extremes' });
  assert.deepEqual(limitsOf('absolute', [signed(map)]), { low: -1, high: 1, by: 'fixed' });
  assert.deepEqual(limitsOf('percentile', [plain(Float64Array.of(0, 1))]), { low: 0.01, high: 0.99, by: 'percentiles' });
  assert.deepEqual(limitsOf('percentile', []), { low: 0, high: 1, by: 'fixed' });
});

test('A shared scale spans all its maps and a signed one is centred on zero', () => {
  assert.deepEqual(limitsOf('shared', [plain(Float64Array.of(0, 0)), plain(Float64Array.of(100, 100))]), { low: 0, high: 100, by: 'percentiles' });
  const uneven = Float64Array.from({ length: 101 }, (_, i) => i - 20);
  assert.deepEqual(limitsOf('percentile', [signed(uneven), signed(new Float64Array(101))]), limitsOf('percentile', [signed(uneven)]));
  assert.deepEqual(limitsOf('minmax', [signed(Float64Array.of(-3, 1))]), { low: -3, high: 3, by: 'extremes' });
});

test('Where the percentiles meet, the full range is shown', () => {
  const map = new Float64Array(1000);
  map[7] = 0.5;
  assert.deepEqual(limitsOf('percentile', [plain(map)]), { low: 0, high: 0.5, by: 'extremes' });
});

test('Percentiles that hide more than half of the range give way to the full range; over several layers they stay', () => {
  const outlier = (/** @type {number} */ height) => Float64Array.from({ length: 1000 }, (_, i) => (i < 5 ? height : i / 1000));
  assert.deepEqual(limitsOf('percentile', [plain(outlier(3))]), { low: 0.005, high: 3, by: 'extremes' });
  assert.equal(limitsOf('percentile', [plain(outlier(1.5))]).by, 'percentiles');
  assert.equal(limitsOf('percentile', [signed(outlier(-3))]).low, -3);
  assert.equal(limitsOf('shared', [plain(outlier(3))]).by, 'percentiles');
});

test('Maps that share a scale are judged one by one: a few strong patches of one do not hide what the others show', () => {
  const ramp = plain(Float64Array.from({ length: 196 }, (_, i) => i));
  const sinks = plain(Float64Array.from({ length: 196 }, (_, i) => (i < 192 ? i : [520, 550, 600, 1000][i - 192])));
  const limits = limitsOf('percentile', [sinks, ...Array(6).fill(ramp)]);
  assert.equal(limits.by, 'percentiles');
  assert.equal(limits.high, limitsOf('percentile', [sinks]).high);
  assert.ok(limits.high < 600);
});
