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
    this.whole = { planes, sums: planes.map((plane) => rowSums(plane, tokens)) };
    /**
     * Planes of the last discard ratio, whose memory the next one takes over.
     * @type {{ ratio: number, planes: Float32Array[], sums: Float64Array[] } | null}
     */
    this.cut = null;
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
    if (ratio === 0) return this.whole;
    if (this.cut?.ratio === ratio) return this.cut;
    const count = Math.floor(ratio * this.tokens * this.tokens);
    const planes = this.cut?.planes ?? this.planes.map(({ length }) => new Float32Array(length));
    for (const [layer, plane] of this.planes.entries()) dropSmallest(plane, this.tokens, count, this.hasCls, planes[layer]);
    return (this.cut = { ratio, planes, sums: planes.map((plane) => rowSums(plane, this.tokens)) });
  }
}

/**
 * rᵀÃ without forming Ã: each row's divisor goes into its weight.
 * @param {Float64Array} row @param {Float32Array} plane @param {Float64Array} sums @param {number} alpha
 */
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
 * Copies a plane with its `count` smallest entries zeroed, ties going in index order. Column 0 of a CLS token stays as it is, and what is skipped there is
 * not replaced.
 * @param {Float32Array} plane @param {number} n @param {number} count @param {boolean} hasCls @param {Float32Array} out
 */
function dropSmallest(plane, n, count, hasCls, out) {
  const { threshold, below } = nthSmallest(plane, count);
  let ties = count - below;
  for (let at = 0, column = 0; at < plane.length; at++) {
    const value = plane[at];
    const dropped = value < threshold || (value === threshold && ties-- > 0);
    out[at] = dropped && !(hasCls && column === 0) ? 0 : value;
    if (++column === n) column = 0;
  }
}

const upper = new Uint32Array(65536);
const lower = new Uint32Array(65536);

/**
 * The entry that `count` others go before, and how many are truly smaller. By counting the bits, upper half first: they rise with the value, as attention is
 * never negative.
 * @param {Float32Array} plane @param {number} count below the plane's length
 */
function nthSmallest(plane, count) {
  const bits = new Uint32Array(plane.buffer, plane.byteOffset, plane.length);
  upper.fill(0);
  lower.fill(0);
  for (let i = 0; i < bits.length; i++) upper[bits[i] >>> 16]++;
  let below = 0;
  let high = 0;
  while (below + upper[high] <= count) below += upper[high++];
  for (let i = 0; i < bits.length; i++) if (bits[i] >>> 16 === high) lower[bits[i] & 0xffff]++;
  let low = 0;
  while (below + lower[low] <= count) below += lower[low++];
  return { threshold: new Float32Array(Uint32Array.of(high * 65536 + low).buffer)[0], below };
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
