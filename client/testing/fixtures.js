import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The whole reference data: where ATTENTION_FIXTURES says, else the folder `shared` beside the project. */
const whole = process.env.ATTENTION_FIXTURES || fileURLToPath(new URL('../../../shared', import.meta.url));

/** Its fixtures; where it is absent, the part of them in the repository, which has all that the page's tests read. In CI the whole must be there. */
const fixtures = existsSync(whole) || process.env.CI === 'true' ? join(whole, 'fixtures') : fileURLToPath(new URL('../../tests/fixtures', import.meta.url));

/** @param {...string} parts */
export const readJson = (...parts) => JSON.parse(readFileSync(join(fixtures, ...parts), 'utf8'));

/** The reference arrays of one model fixture. @param {string} folder @returns {{ meta: any, array: (name: string) => Float32Array, names: string[] }} */
export function readModel(folder) {
  const { arrays, meta } = readJson('models', folder, 'expected.json');
  const bytes = readFileSync(join(fixtures, 'models', folder, 'expected.bin'));
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
