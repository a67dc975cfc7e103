/** @typedef {'bilinear' | 'bicubic' | 'nearest'} Interpolation */

/**
 * Where the pixels of one axis read the grid: `taps` cells each, with their weights.
 * @typedef {{ taps: number, cells: Int32Array, weights: Float32Array, count: number }} Axis
 */

/**
 * Pixels `start` to `start + count` of an axis on which `cells` grid cells lie between `origin` and `origin + extent` (pixels, real numbers).
 * Pixel centres are at half pixels, edges are clamped: `align_corners=False` of torch, nearest as `nearest-exact`, bicubic with a = −0.75.
 * @param {Interpolation} mode @param {number} cells @param {number} start @param {number} count @param {number} origin @param {number} extent
 * @returns {Axis}
 */
export function axis(mode, cells, start, count, origin, extent) {
  const taps = mode === 'nearest' ? 1 : mode === 'bilinear' ? 2 : 4;
  const indices = new Int32Array(count * taps);
  const weights = new Float32Array(count * taps);
  const first = mode === 'bicubic' ? -1 : 0;
  const scale = cells / extent;
  for (let pixel = 0; pixel < count; pixel++) {
    const centre = start + pixel + 0.5 - origin;
    // A pixel centre on the border of two cells goes where torch's single precision puts it.
    const position = mode === 'nearest' ? Math.fround(centre * Math.fround(scale)) : centre * scale - 0.5;
    const cell = Math.floor(position);
    const fraction = position - cell;
    for (let tap = 0; tap < taps; tap++) {
      indices[pixel * taps + tap] = Math.min(cells - 1, Math.max(0, cell + first + tap));
      weights[pixel * taps + tap] = taps === 1 ? 1 : taps === 2 ? (tap ? fraction : 1 - fraction) : cubic(fraction - first - tap);
    }
  }
  return { taps, cells: indices, weights, count };
}

/** Keys' kernel, a = −0.75. @param {number} distance */
function cubic(distance) {
  const a = -0.75;
  const x = Math.abs(distance);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

/**
 * Enlarges a grid and hands over the picture row by row: across once for each grid row, then down.
 * @param {ArrayLike<number>} grid row-major
 * @param {number} columns
 * @param {Axis} across
 * @param {Axis} down
 * @param {(values: Float32Array, y: number) => void} row the array is reused
 */
export function upsample(grid, columns, across, down, row) {
  const rows = grid.length / columns;
  const wide = new Float32Array(rows * across.count);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < across.count; x++) {
      let sum = 0;
      for (let tap = x * across.taps; tap < (x + 1) * across.taps; tap++) sum += grid[y * columns + across.cells[tap]] * across.weights[tap];
      wide[y * across.count + x] = sum;
    }
  }
  const values = new Float32Array(across.count);
  for (let y = 0; y < down.count; y++) {
    for (let tap = 0; tap < down.taps; tap++) {
      const start = down.cells[y * down.taps + tap] * across.count;
      const weight = down.weights[y * down.taps + tap];
      if (tap === 0) for (let x = 0; x < values.length; x++) values[x] = weight * wide[start + x];
      else for (let x = 0; x < values.length; x++) values[x] += weight * wide[start + x];
    }
    row(values, y);
  }
}
