import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ticksOf } from '../js/panels/ticks.js';

test('Ticks are round numbers that hold all values between them', () => {
  const near = (/** @type {number[]} */ ticks) => ticks.map((tick) => Number(tick.toPrecision(6)));
  assert.deepEqual(near(ticksOf(-0.12, 0.36)), [-0.2, 0, 0.2, 0.4]);
  assert.deepEqual(near(ticksOf(0, 10)), [0, 5, 10]);
  assert.deepEqual(near(ticksOf(3, 3)), [3, 4]);
  for (const [low, high] of [[1e-6, 3e-6], [-5000, 17], [0.31, 0.32], [0, 0]]) {
    const ticks = ticksOf(low, high);
    assert.ok(ticks[0] <= low && ticks[ticks.length - 1] >= high && ticks.length > 1 && ticks.length < 9, `${low} to ${high}: ${ticks}`);
  }
});
