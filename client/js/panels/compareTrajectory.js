import { short } from '../dom.js';

const size = { width: 720, height: 260, left: 52, right: 120, top: 14, bottom: 34 };

/** How close the summary token is to each label after every layer. @type {import('./compare.js').View} */
export function trajectoryPlot(view, { answer, shown }) {
  if (!answer.tensors.has('trajectory')) return 'Add a label to see how the model comes to it, layer by layer.';
  const lines = shown.labels.map((label) => ({ label, values: answer.trajectory(label) }));
  const all = lines.flatMap(({ values }) => values);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const room = (high - low || 1) * 0.06;
  const x = (/** @type {number} */ layer) => size.left + ((layer - 1) / Math.max(1, answer.layers - 1)) * (size.width - size.left - size.right);
  const y = (/** @type {number} */ value) => size.top + ((high + room - value) / (high - low + 2 * room || 1)) * (size.height - size.top - size.bottom);

  const plot = svg('svg', { class: 'plot', viewBox: `0 0 ${size.width} ${size.height}`, role: 'img', 'aria-label': describe(lines) });
  for (let tick = 0; tick <= 4; tick++) {
    const value = low + ((high - low) * tick) / 4;
    plot.append(svg('line', { class: 'grid', x1: size.left, x2: size.width - size.right, y1: y(value), y2: y(value) }),
      svg('text', { class: 'axis-text', x: size.left - 8, y: y(value) + 4, 'text-anchor': 'end' }, short(value)));
  }
  const every = Math.ceil(answer.layers / 12);
  for (let layer = 1; layer <= answer.layers; layer++) {
    if (layer % every && layer !== 1) continue;
    plot.append(svg('text', { class: 'axis-text', x: x(layer), y: size.height - 14, 'text-anchor': 'middle' }, String(layer)));
  }
  plot.append(svg('line', { class: 'now', x1: x(shown.at), x2: x(shown.at), y1: size.top, y2: size.height - size.bottom }));
  const names = spread(lines.map(({ values }) => y(values[values.length - 1])));
  for (const [index, { label, values }] of lines.entries()) {
    const series = `series-${(index % 8) + 1}`;
    plot.append(svg('polyline', { class: series, points: values.map((value, layer) => `${x(layer + 1)},${y(value)}`).join(' ') }),
      svg('text', { class: `name ${series}`, x: size.width - size.right + 8, y: names[index] + 4 }, label));
  }
  view.replaceChildren(plot);
}

/** Moves the names at the line ends apart. @param {number[]} positions */
function spread(positions) {
  const order = positions.map((at, index) => ({ at, index })).sort((a, b) => a.at - b.at);
  for (let i = 1; i < order.length; i++) order[i].at = Math.max(order[i].at, order[i - 1].at + 15);
  const moved = [...positions];
  for (const { at, index } of order) moved[index] = at;
  return moved;
}

/** @param {{ label: string, values: number[] }[]} lines */
const describe = (lines) => `Similarity of the summary token to each label by layer. At the last: ${lines.map(({ label, values }) => `${label} ${short(values[values.length - 1])}`).join(', ')}.`;

/** @param {string} tag @param {Record<string, string | number>} attributes @param {...string} children */
function svg(tag, attributes, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}
