import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The shared reference data: where ATTENTION_FIXTURES says, else the folder `shared` beside the project. */
const shared = process.env.ATTENTION_FIXTURES || fileURLToPath(new URL('../../../shared', import.meta.url));

/** Options for `test`: skips with a reason where the shared data is absent; in CI the test runs and fails instead. */
export const needsFixtures = {
  skip: existsSync(shared) || process.env.CI === 'true' ? false : "the shared reference data is absent: set ATTENTION_FIXTURES or put the folder 'shared' beside the project",
};

/** @param {...string} parts */
export const readJson = (...parts) => JSON.parse(readFileSync(join(shared, 'fixtures', ...parts), 'utf8'));

/** The reference arrays of one model fixture. @param {string} folder @returns {{ meta: any, array: (name: string) => Float32Array, names: string[] }} */
export function readModel(folder) {
  const { arrays, meta } = readJson('models', folder, 'expected.json');
  const bytes = readFileSync(join(shared, 'fixtures', 'models', folder, 'expected.bin'));
  return {
    meta,
    names: Object.keys(arrays),
    array(name) {
      const { shape, offset } = arrays[name];
      const length = shape.reduce((/** @type {number} */ product, /** @type {number} */ size) => product * size, 1);
      return new Float32Array(bytes.buffer.slice(bytes.byteOffset + offset, bytes.byteOffset + offset + 4 * length));
    },
  };
}

/** @param {ArrayLike<number>} actual @param {ArrayLike<number>} expected */
export function largestDifference(actual, expected) {
  if (actual.length !== expected.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]);
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}
