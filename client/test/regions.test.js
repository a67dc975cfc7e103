import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnsOf, edgesOf } from '../js/compute/regions.js';

/** Written out from COCO's definition. */
const cases = /** @type {const} */ ([
  { size: [3, 2], counts: '1121', columns: [[1, 2], [1, 3]] },
  { size: [2, 2], counts: '04', columns: [[0, 2], [0, 2]] },
  { size: [11, 1], counts: '433N', columns: [[4, 7, 10, 11]] },
  { size: [100, 1], counts: 'T3', columns: [[]] },
]);

test('Run lengths are read column by column', () => {
  for (const { size, counts, columns } of cases) assert.deepEqual(columnsOf({ size: [...size], counts }), columns);
});

test('The edges of a mask go around it', () => {
  // Pixels (0, 1), (1, 1) and (1, 2): an L of three.
  const { across, down } = edgesOf([[1, 2], [1, 3]]);
  assert.deepEqual(across, [[0, 1], [0, 2], [1, 1], [1, 3]]);
  assert.deepEqual(down, [[0, 1, 2], [1, 2, 3], [2, 1, 3]]);
});
