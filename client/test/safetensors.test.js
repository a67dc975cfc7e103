import assert from 'node:assert/strict';
import { test } from 'node:test';
import { widen } from '../js/compute/float16.js';
import { readSafetensors } from '../js/compute/safetensors.js';

test('Half-precision numbers are widened exactly', () => {
  const halves = Uint16Array.of(0x0000, 0x3c00, 0xbc00, 0x3555, 0x0001, 0x7bff, 0x7c00);
  assert.deepEqual([...widen(halves)], [0, 1, -1, 0.333251953125, 2 ** -24, 65504, Infinity]);
  assert.ok(Number.isNaN(widen(Uint16Array.of(0x7e00))[0]));
});

test('Tensors are read by name, whole and in part, at any alignment', () => {
  const halves = Uint16Array.of(0x3c00, 0x4000, 0x4200, 0x4400);
  const file = encode({ a: ['F16', [2, 2], halves], b: ['F32', [3], Float32Array.of(0.5, -1, 7)] }, { labels: '["cat"]' });
  const { metadata, tensors } = readSafetensors(file);
  assert.equal(metadata.labels, '["cat"]');
  assert.deepEqual(tensors.get('a')?.shape, [2, 2]);
  assert.deepEqual([...(tensors.get('a')?.read(1, 2) ?? [])], [2, 3]);
  assert.deepEqual([...(tensors.get('b')?.read() ?? [])], [0.5, -1, 7]);
});

test('A cut, foreign or inconsistent file is refused with its reason', () => {
  const file = encode({ a: ['F32', [3], Float32Array.of(1, 2, 3)] }, {});
  assert.throws(() => readSafetensors(new ArrayBuffer(4)), /cut short/);
  assert.throws(() => readSafetensors(file.slice(0, 20)), /header is longer/);
  assert.throws(() => readSafetensors(file.slice(0, file.byteLength - 4)), /'a' ends beyond/);
  assert.throws(() => readSafetensors(encode({ a: ['I64', [1], new Float32Array(2)] }, {})), /type I64/);
  assert.throws(() => readSafetensors(encode({ a: ['F32', [4], Float32Array.of(1)] }, {})), /size that its shape says/);
});

/**
 * Writes a file whose header is one byte off any alignment.
 * @param {Record<string, [string, number[], Uint16Array | Float32Array]>} tensors @param {Record<string, string>} metadata
 */
function encode(tensors, metadata) {
  let at = 0;
  /** @type {Record<string, unknown>} */
  const header = { __metadata__: metadata };
  for (const [name, [dtype, shape, values]] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: [at, at + values.byteLength] };
    at += values.byteLength;
  }
  let json = JSON.stringify(header);
  if (json.length % 2 === 0) json += ' ';
  const out = new Uint8Array(8 + json.length + at);
  new DataView(out.buffer).setBigUint64(0, BigInt(json.length), true);
  out.set(new TextEncoder().encode(json), 8);
  let data = 8 + json.length;
  for (const [, , values] of Object.values(tensors)) {
    out.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), data);
    data += values.byteLength;
  }
  return out.buffer;
}
