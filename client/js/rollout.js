// Attention rollout: Abnar & Zuidema, "Quantifying Attention Flow in Transformers", ACL 2020 (arXiv:2005.00928).

/**
 * The attention of all layers, heads already fused: `planes[l]` is F of layer l + 1, [query, key], row-major.
 * Rows of a rollout are taken as vector products; no rollout matrix is ever formed.
 */
export class AttentionStack {
  /** @param {Float32Array[]} planes @param {number} tokens @param {boolean} hasCls column 0 belongs to a CLS token and is never discarded */
  constructor(planes, tokens, hasCls) {
    this.planes = planes;
    this.tokens = tokens;
    this.hasCls = hasCls;
    this.layers = planes.length;
    /** @type {Uint32Array[]} per layer the flat indices by rising value, made when a discard ratio is first used */
    this.orders = [];
    this.cached = { ratio: 0, planes, sums: planes.map((plane) => rowSums(plane, tokens)) };
  }

  /**
   * Row of R = Ã_to … Ã_from for a query, with Ã = (discard(F) + αI) / row sum.
   * @param {Float64Array} query weights over the tokens, e.g. one at the CLS token
   * @param {number} from first layer, counted from 1
   * @param {number} to last layer, included
   * @returns {Float64Array} weights over the tokens at the input of layer `from`; they sum to one
   */
  row(query, from, to, alpha = 1, ratio = 0) {
    const { planes, sums } = this.discarded(ratio);
    let row = query;
    for (let layer = to; layer >= from; layer--) row = step(row, planes[layer - 1], sums[layer - 1], alpha);
    return row;
  }

  /** Row of the attention F of one layer, as the model computed it: no residual, no discard. @param {Float64Array} query @param {number} layer */
  attention(query, layer) {
    return multiply(query, this.planes[layer - 1], new Float64Array(this.tokens));
  }

  /** The planes without their ⌊ratio·N²⌋ smallest entries; the last ratio's are kept. @param {number} ratio */
  discarded(ratio) {
    if (ratio === this.cached.ratio) return this.cached;
    const count = Math.floor(ratio * this.tokens * this.tokens);
    const planes = this.planes.map((plane, layer) => {
      this.orders[layer] ??= risingOrder(plane);
      return withoutSmallest(plane, this.orders[layer], count, this.hasCls ? this.tokens : 0);
    });
    this.cached = { ratio, planes, sums: planes.map((plane) => rowSums(plane, this.tokens)) };
    return this.cached;
  }
}

/** rᵀÃ without forming Ã: each row's divisor goes into its weight. @param {Float64Array} row @param {Float32Array} plane @param {Float64Array} sums @param {number} alpha */
function step(row, plane, sums, alpha) {
  const n = row.length;
  const weights = new Float64Array(n);
  const out = new Float64Array(n);
  let lost = 0;
  for (let i = 0; i < n; i++) {
    const divisor = sums[i] + alpha;
    // A row that lost everything (discard with α = 0) becomes uniform.
    if (divisor === 0) lost += row[i];
    else weights[i] = row[i] / divisor;
    out[i] = alpha * weights[i];
  }
  multiply(weights, plane, out);
  if (lost !== 0) for (let j = 0; j < n; j++) out[j] += lost / n;
  return out;
}

/** Adds weightsᵀ·plane to `out`. @param {Float64Array} weights @param {Float32Array} plane @param {Float64Array} out */
function multiply(weights, plane, out) {
  const n = out.length;
  for (let i = 0; i < n; i++) {
    const weight = weights[i];
    if (weight === 0) continue;
    const start = i * n;
    for (let j = 0; j < n; j++) out[j] += weight * plane[start + j];
  }
  return out;
}

/** @param {Float32Array} plane @param {number} n */
function rowSums(plane, n) {
  const sums = new Float64Array(n);
  for (let i = 0; i < plane.length; i += n) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += plane[i + j];
    sums[i / n] = sum;
  }
  return sums;
}

/**
 * Copies a plane with its `count` smallest entries zeroed. `width` > 0 leaves column 0 as it is; entries skipped there are not replaced by others.
 * @param {Float32Array} plane @param {Uint32Array} order @param {number} count @param {number} width
 */
function withoutSmallest(plane, order, count, width) {
  const out = plane.slice();
  for (let i = 0; i < count; i++) if (width === 0 || order[i] % width !== 0) out[order[i]] = 0;
  return out;
}

/**
 * Flat indices by rising value, ties in index order: a stable radix sort over the bits, which rise with the value as attention is never negative.
 * @param {Float32Array} plane
 */
export function risingOrder(plane) {
  const bits = new Uint32Array(plane.buffer, plane.byteOffset, plane.length);
  let order = Uint32Array.from({ length: plane.length }, (_, index) => index);
  for (const shift of [0, 16]) {
    const starts = new Uint32Array(65537);
    for (let i = 0; i < bits.length; i++) starts[((bits[i] >>> shift) & 0xffff) + 1]++;
    for (let key = 0; key < 65536; key++) starts[key + 1] += starts[key];
    const sorted = new Uint32Array(order.length);
    for (let i = 0; i < order.length; i++) sorted[starts[(bits[order[i]] >>> shift) & 0xffff]++] = order[i];
    order = sorted;
  }
  return order;
}

/**
 * The weights that a query names: `cls`, `mean` (all tokens alike) or `row,column` of a patch.
 * @param {string} query @param {{ tokens: number, prefixTokens: number, grid: { columns: number } }} model
 */
export function queryWeights(query, { tokens, prefixTokens, grid }) {
  const weights = new Float64Array(tokens);
  if (query === 'mean') weights.fill(1 / tokens);
  else if (query === 'cls') weights[0] = 1;
  else {
    const [row, column] = query.split(',').map(Number);
    weights[prefixTokens + row * grid.columns + column] = 1;
  }
  return weights;
}
