import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pixelsIn } from '../js/canvas/heat.js';
import { fit, onCanvas, pan, patchAt, patchRectangle, zoomAbout } from '../js/canvas/placement.js';

const canvas = { width: 800, height: 600 };
const picture = { width: 400, height: 200 };
const seen = { x: 100, y: 0, width: 200, height: 200 };
const grid = { rows: 4, columns: 4 };

test('A picture is fitted whole and centred', () => assert.deepEqual(fit(canvas, picture), { zoom: 2, x: 0, y: 100 }));

test('Zooming keeps the point under the pointer', () => {
  const before = fit(canvas, picture);
  const after = zoomAbout(before, 4, { x: 300, y: 320 }, canvas, picture);
  assert.equal((300 - after.x) / after.zoom, (300 - before.x) / before.zoom);
  assert.equal((320 - after.y) / after.zoom, (320 - before.y) / before.zoom);
});

test('A zoomed picture cannot be pushed off the canvas, and a fitted one not at all', () => {
  const zoomed = zoomAbout(fit(canvas, picture), 4, { x: 400, y: 300 }, canvas, picture);
  assert.equal(pan(zoomed, 1e6, 1e6, canvas, picture).x, 0);
  assert.equal(pan(zoomed, -1e6, 0, canvas, picture).x, canvas.width - picture.width * zoomed.zoom);
  assert.deepEqual(pan(fit(canvas, picture), 50, 50, canvas, picture), fit(canvas, picture));
});

test('Every patch is found under its own centre, and nothing outside what the model saw', () => {
  const placement = fit(canvas, picture);
  for (let row = 0; row < 4; row++) {
    for (let column = 0; column < 4; column++) {
      const { x, y, width, height } = onCanvas(placement, patchRectangle({ row, column }, seen, grid));
      assert.deepEqual(patchAt(placement, x + width / 2, y + height / 2, seen, grid), { row, column });
    }
  }
  assert.equal(patchAt(placement, 150, 300, seen, grid), null);
});

test('A rectangle is painted on every pixel that it touches, within the canvas', () => {
  assert.deepEqual(pixelsIn({ x: 1.4, y: 1.6, width: 2, height: 2 }, canvas), { x: 1, y: 1, width: 3, height: 3 });
  assert.deepEqual(pixelsIn({ x: -50, y: 590, width: 100, height: 100 }, canvas), { x: 0, y: 590, width: 50, height: 10 });
  assert.equal(pixelsIn({ x: 900, y: 0, width: 50, height: 50 }, canvas).width, 0);
});
