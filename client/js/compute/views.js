/** @typedef {'cosine' | 'centered' | 'softmax' | 'contrast'} View */

/**
 * One label's view of raw alignments S at one layer.
 * @param {View} view
 * @param {Float32Array[]} alignments S of each label, [patch]
 * @param {number} label index of the label that is looked at
 * @param {{ temperature?: number, against?: Float32Array | null }} options `temperature` τ of the softmax; `against`: S of the rival in `contrast`
 * @returns {Float32Array}
 */
export function viewOf(view, alignments, label, { temperature = 1, against = null }) {
  const own = alignments[label];
  if (view === 'centered') return own.map((value, patch) => value - mean(alignments, patch));
  if (view === 'softmax') return own.map((_, patch) => softmax(alignments, label, patch, temperature));
  if (view === 'contrast') return against ? own.map((value, patch) => value - against[patch]) : new Float32Array(own.length);
  return own;
}

/** @param {Float32Array[]} alignments @param {number} patch */
function mean(alignments, patch) {
  let sum = 0;
  for (const values of alignments) sum += values[patch];
  return sum / alignments.length;
}

/** @param {Float32Array[]} alignments @param {number} label @param {number} patch @param {number} temperature */
function softmax(alignments, label, patch, temperature) {
  // Differences to the label's own value cannot overflow to NaN: a rival that is far ahead gives 1/∞ = 0.
  let sum = 0;
  for (const values of alignments) sum += Math.exp(temperature * (values[patch] - alignments[label][patch]));
  return 1 / sum;
}
