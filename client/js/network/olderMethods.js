/**
 * The declarations of a server that gives ranges in words only, with what follows from these words.
 * @param {any} method @returns {import('./api.js').Method}
 */
export function typed(method) {
  if ('labels' in method) return method;
  const frames = words(method.parameters.find((/** @type {any} */ { name }) => name === 'frames')?.range ?? '');
  return {
    limits: '', labels: method.labelDependent ? 'needed' : 'unused', frames, layers: frames.length > 1 ? 'through' : 'each',
    ...method, parameters: method.parameters.map(withType),
  };
}

/** @param {{ name: string, range: string, default: string, description: string }} parameter @returns {import('./api.js').Parameter} */
function withType(parameter) {
  const { range } = parameter;
  const [, low, high] = /^([\d.]+)(?:…| ≤ value < )([\d.]+|[LH])$/.exec(range) ?? [];
  const number = { minimum: low ? Number(low) : null, maximum: Number(high) || null, step: null, values: [] };
  if (low) return { ...parameter, ...number, type: /[LH]/.test(high) ? 'integer' : 'number' };
  const values = /^[a-z]+(, [a-zA-Z]+)+$/.test(range) ? words(range) : [];
  return { ...parameter, ...number, values, type: range === 'true, false' ? 'flag' : values.length ? 'word' : 'text' };
}

/** @param {string} list */
const words = (list) => list.split(', ').filter(Boolean);
