import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeOrientation, turning } from '../js/canvas/orientation.js';

const formats = { jpeg, png, webp };

for (const [name, file] of Object.entries(formats)) {
  test(`The orientation of a ${name} file is read in either byte order, and no longer in it`, () => {
    for (let orientation = 1; orientation <= 8; orientation++) {
      for (const little of [true, false]) {
        const { orientation: read, parts } = takeOrientation(file(exif(orientation, little)));
        assert.equal(read, orientation);
        const rest = Uint8Array.from(parts.flatMap((part) => [...part]));
        assert.equal(takeOrientation(rest).orientation, 1);
        assert.deepEqual([...rest.subarray(-4)], [...file(exif(orientation, little)).subarray(-4)], 'what follows stays');
      }
    }
  });

  test(`A ${name} file without EXIF, cut in it, or with a number beyond 8 stands as stored`, () => {
    assert.equal(takeOrientation(file(null)).orientation, 1);
    assert.equal(takeOrientation(file(exif(9, true))).orientation, 1);
    const whole = file(exif(6, false));
    for (let length = 0; length < whole.length; length++) assert.ok([1, 6].includes(takeOrientation(whole.slice(0, length)).orientation));
  });
}

test('A file of another kind is left as it is', () => {
  const bytes = new TextEncoder().encode('not a picture');
  assert.deepEqual(takeOrientation(bytes), { orientation: 1, parts: [bytes] });
});

test('A RIFF file keeps its length, which stands in it', () => {
  const file = webp(exif(6, true));
  assert.equal(takeOrientation(file).parts.reduce((sum, part) => sum + part.length, 0), file.length);
});

test('Each orientation puts the first stored pixel where EXIF says', () => {
  const stored = { width: 40, height: 20 };
  const corners = [[0, 0], [40, 0], [40, 20], [0, 20], [0, 0], [20, 0], [20, 40], [0, 40]];
  for (const [index, [x, y]] of corners.entries()) {
    const { width, height, matrix } = turning(index + 1, stored);
    assert.deepEqual([matrix[4], matrix[5]], [x, y], `orientation ${index + 1}`);
    assert.deepEqual([width, height], index < 4 ? [40, 20] : [20, 40]);
    // The opposite corner of the stored picture is the opposite corner of the upright one.
    assert.deepEqual([matrix[0] * 40 + matrix[2] * 20 + x, matrix[1] * 40 + matrix[3] * 20 + y], [width - x, height - y]);
  }
});

/** A TIFF structure with two entries, the orientation last. @param {number} orientation @param {boolean} little */
function exif(orientation, little) {
  const view = new DataView(new ArrayBuffer(38));
  view.setUint16(0, little ? 0x4949 : 0x4d4d);
  view.setUint16(2, 42, little);
  view.setUint32(4, 8, little);
  view.setUint16(8, 2, little);
  for (const [at, tag, value] of [[10, 0x0100, 77], [22, 0x0112, orientation]]) {
    view.setUint16(at, tag, little);
    view.setUint16(at + 2, 3, little);
    view.setUint32(at + 4, 1, little);
    view.setUint16(at + 8, value, little);
  }
  return [...new Uint8Array(view.buffer)];
}

/** @param {string} text */
const ascii = (text) => [...text].map((letter) => letter.charCodeAt(0));

/** @param {number} number */
const big = (number) => [number >>> 24, (number >> 16) & 255, (number >> 8) & 255, number & 255];

/** @param {number[] | null} tiff */
function jpeg(tiff) {
  const segment = tiff ? [0xff, 0xe1, 0, tiff.length + 8, ...ascii('Exif\0\0'), ...tiff] : [];
  return Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, ...segment, 0xff, 0xda, 0, 4, 9, 9, 9, 9]);
}

/** @param {number[] | null} tiff */
function png(tiff) {
  const chunk = (/** @type {string} */ name, /** @type {number[]} */ data) => [...big(data.length), ...ascii(name), ...data, 0, 0, 0, 0];
  const chunks = [...chunk('IHDR', [1, 2, 3]), ...(tiff ? chunk('eXIf', tiff) : []), ...chunk('IDAT', [7])];
  return Uint8Array.from([0x89, ...ascii('PNG\r\n'), 0x1a, 0x0a, ...chunks, 8, 8, 8, 8]);
}

/** @param {number[] | null} tiff */
function webp(tiff) {
  const chunk = (/** @type {string} */ name, /** @type {number[]} */ data) =>
    [...ascii(name), ...big(data.length).reverse(), ...data, ...(data.length % 2 ? [0] : [])];
  const body = [...ascii('WEBP'), ...chunk('VP8 ', [1, 2, 3]), ...(tiff ? chunk('EXIF', tiff) : []), ...chunk('XMP ', [8, 8, 8, 8])];
  return Uint8Array.from([...ascii('RIFF'), ...big(body.length).reverse(), ...body]);
}
