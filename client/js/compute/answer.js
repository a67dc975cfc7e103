import { AttentionStack, queryWeights } from './rollout.js';
import { readSafetensors } from './safetensors.js';

/**
 * @typedef {import('./safetensors.js').Tensor} Tensor
 * @typedef {{ label: string, score: number, logit: number }} Prediction
 * @typedef {{ x: number, y: number, width: number, height: number }} Rectangle
 */

/**
 * The `explain` part of the file.
 * @typedef {object} Explanation
 * @property {{ id: string, layers: number, heads: number, grid: { rows: number, columns: number }, prefixTokens: number, suffixTokens: number }} model
 * @property {{ width: number, height: number, sha256: string, seen: Rectangle }} image
 * @property {{ query: string }} parameters
 * @property {Prediction[]} predictions
 * @property {string[]} warnings
 * @property {Record<string, number>} timings
 */

/** One answer of `/explain/tensors`: everything that the page needs to compute any of its pictures. */
export class Answer {
  /** @param {ArrayBuffer} buffer @param {import('../network/loader.js').Question} question that it answers */
  constructor(buffer, question) {
    const { metadata, tensors } = readSafetensors(buffer);
    /** @type {Explanation} */
    const explain = JSON.parse(metadata.explain);
    this.question = question;
    this.bytes = buffer.byteLength;
    this.tensors = tensors;
    /** @type {string[]} */
    this.labels = JSON.parse(metadata.labels ?? '[]');
    this.model = explain.model;
    this.image = explain.image;
    this.predictions = explain.predictions;
    this.warnings = explain.warnings;
    this.timings = explain.timings;
    this.layers = explain.model.layers;
    this.heads = explain.model.heads;
    this.grid = explain.model.grid;
    this.patches = this.grid.rows * this.grid.columns;
    this.prefixTokens = explain.model.prefixTokens;
    this.tokens = this.prefixTokens + this.patches + explain.model.suffixTokens;
    /** The server's own default tells whether token 0 is a CLS token. */
    this.hasCls = explain.parameters.query === 'cls';
    /** @type {Map<string, AttentionStack>} */
    this.stacks = new Map();
  }

  get hasHeads() {
    return this.tensors.has('attention.heads');
  }

  get hasAlignment() {
    return this.tensors.has('alignment');
  }

  /** The softmax temperature τ: CLIP's logit scale, 1 for class logits. */
  get temperature() {
    return this.tensors.get('logit_scale')?.read()[0] ?? 1;
  }

  /** Attention of all layers with the heads fused, or of one head (from 1). @param {'mean' | 'max' | 'min'} fusion @param {number | null} head */
  stack(fusion, head) {
    const key = head === null ? fusion : `head ${head}`;
    let stack = this.stacks.get(key);
    if (!stack) {
      const size = this.tokens * this.tokens;
      const tensor = this.tensor(head === null ? `attention.${fusion}` : 'attention.heads');
      const plane = (/** @type {number} */ layer) => (head === null ? layer : layer * this.heads + head - 1);
      const planes = Array.from({ length: this.layers }, (_, layer) => tensor.read(plane(layer) * size, size));
      // One head's planes at a time: all heads of a large model would not fit.
      if (head !== null) for (const other of this.stacks.keys()) if (other.startsWith('head')) this.stacks.delete(other);
      this.stacks.set(key, (stack = new AttentionStack(planes, this.tokens, this.hasCls)));
    }
    return stack;
  }

  /** Attention of one head in one layer for a query, decoding no more than that row. @param {number} layer @param {number} head @param {string | null} query */
  headRow(layer, head, query) {
    const tensor = this.tensor('attention.heads');
    const start = ((layer - 1) * this.heads + head - 1) * this.tokens * this.tokens;
    if ((query ?? this.wholeQuery) !== 'mean') return tensor.read(start + this.weights(query).indexOf(1) * this.tokens, this.tokens);
    const plane = tensor.read(start, this.tokens * this.tokens);
    return new AttentionStack([plane], this.tokens, this.hasCls).attention(this.weights('mean'), 1);
  }

  /** @param {string | null} query null: the token that stands for the whole picture */
  weights(query) {
    return queryWeights(query ?? this.wholeQuery, this);
  }

  /** The query that stands for the whole picture: CLS, where the model has one. */
  get wholeQuery() {
    return this.hasCls ? 'cls' : 'mean';
  }

  /** The patch columns of a row over all tokens. @template {Float32Array | Float64Array} T @param {T} row @returns {T} */
  patchesOf(row) {
    return /** @type {T} */ (row.subarray(this.prefixTokens, this.prefixTokens + this.patches));
  }

  /** Raw alignment S of each of the given labels at one layer, [patch]. @param {number} layer @param {string[]} labels */
  alignments(layer, labels) {
    const tensor = this.tensor('alignment');
    return labels.map((label) => tensor.read(((layer - 1) * this.labels.length + this.labels.indexOf(label)) * this.patches, this.patches));
  }

  /** S of the rival in `contrast`: another label, the one sent as `versus`, or the empty text. @param {number} layer @param {string | null} versus */
  against(layer, versus) {
    if (versus !== null && this.labels.includes(versus)) return this.alignments(layer, [versus])[0];
    const tensor = this.tensors.get(versus === null ? 'alignment.empty' : 'alignment.versus');
    return tensor ? tensor.read((layer - 1) * this.patches, this.patches) : null;
  }

  /** S of the CLS token after each layer. @param {string} label */
  trajectory(label) {
    const values = this.tensor('trajectory').read();
    const column = this.labels.indexOf(label);
    return Array.from({ length: this.layers }, (_, layer) => values[layer * this.labels.length + column]);
  }

  /** @param {string} name @returns {Tensor} */
  tensor(name) {
    const tensor = this.tensors.get(name);
    if (!tensor) throw new Error(`The answer holds no '${name}'.`);
    return tensor;
  }
}
