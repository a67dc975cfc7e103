import { create, short } from '../dom.js';
import { svg } from './svg.js';
import { decimal, ticksOf } from './ticks.js';

const margin = { left: 52, right: 8, top: 12, bottom: 40 };
const height = 240;
const widest = 1100;
const gap = 0.6;

/**
 * Parts of a score that add up to it.
 * @typedef {object} Parts
 * @property {string} title
 * @property {{ name: string, value: number }[]} single parts of no layer
 * @property {number[][]} heads [layer][head]
 * @property {{ name: string, values: number[] }[]} others one part a layer each
 * @property {number} score
 */

/**
 * A bar for every part, layer after layer; a click on a head's bar opens its map. The same numbers stand in a table whose cells are buttons, so that the plot
 * itself is a picture to screen readers.
 * @param {Parts} parts @param {{ room: number, chosen: { layer: number, head: number } | null, open: (layer: number, head: number) => void }} how
 */
export function partsPlot({ title, single, heads, others, score }, { room, chosen, open }) {
  const width = Math.min(widest, room || widest);
  const all = [0, ...single.map(({ value }) => value), ...heads.flat(), ...others.flatMap(({ values }) => values)];
  const ticks = ticksOf(Math.min(...all), Math.max(...all));
  const [low, high] = [ticks[0], ticks[ticks.length - 1]];
  const [right, bottom] = [width - margin.right, height - margin.bottom];
  const perLayer = heads[0].length + others.length;
  const step = (right - margin.left) / (single.length + heads.length * (perLayer + gap));
  const y = (/** @type {number} */ value) => margin.top + ((high - value) / (high - low)) * (bottom - margin.top);
  const layerAt = (/** @type {number} */ layer) => margin.left + step * (single.length + gap / 2 + layer * (perLayer + gap));

  const plot = svg('svg', { class: 'plot parts', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `${title}. ${largest(heads)}` });
  plot.append(...ticks.flatMap((tick) => [
    svg('line', { class: tick === 0 ? 'zero' : 'grid', x1: margin.left, x2: right, y1: y(tick), y2: y(tick) }),
    svg('text', { class: 'axis-text', x: margin.left - 6, y: y(tick) + 4, 'text-anchor': 'end' }, decimal(tick, ticks[1] - ticks[0])),
  ]));
  const bar = (/** @type {number} */ x, /** @type {number} */ value, /** @type {string} */ kind, /** @type {string} */ name) => {
    const shape = { x: x + 0.08 * step, width: Math.max(1, 0.84 * step), y: y(Math.max(0, value)), height: Math.max(0.5, Math.abs(y(value) - y(0))) };
    return svg('g', { class: `bar ${kind} ${value < 0 ? 'against' : 'for'}` }, svg('title', {}, `${name}: ${short(value)}`),
      svg('rect', { class: 'reach', x, width: step, y: margin.top, height: bottom - margin.top }), svg('rect', { class: 'value', ...shape }));
  };
  single.forEach(({ name, value }, index) => plot.append(bar(margin.left + index * step, value, 'other', name)));
  const every = Math.ceil(22 / (step * (perLayer + gap)));
  heads.forEach((row, index) => {
    const left = layerAt(index);
    row.forEach((value, head) => {
      const opened = chosen?.layer === index + 1 && chosen.head === head + 1;
      const element = bar(left + head * step, value, `head${opened ? ' is-open' : ''}`, `layer ${index + 1}, head ${head + 1}`);
      element.addEventListener('click', () => open(index + 1, head + 1));
      plot.append(element);
    });
    others.forEach(({ name, values }, other) => plot.append(bar(left + (row.length + other) * step, values[index], 'other', `layer ${index + 1}, ${name}`)));
    if (index % every === 0) plot.append(label(left + (perLayer * step) / 2, String(index + 1)));
  });
  plot.append(svg('text', { class: 'axis-text', x: (margin.left + right) / 2, y: height - 6, 'text-anchor': 'middle' }, 'layer'));
  const pale = [...single, ...others].map(({ name }) => name).join(', ');
  return create('figure', { class: 'wide' }, create('figcaption', {}, `${title}: together ${short(score)}`), plot,
    create('p', { class: 'note' }, `Each bar is a head, its map one click away; pale: ${pale}. All of them add up to the score.`));
}

/** @param {number} x @param {string} words */
const label = (x, words) => svg('text', { class: 'axis-text', x, y: height - margin.bottom + 16, 'text-anchor': 'middle' }, words);

/** @param {number[][]} heads */
function largest(heads) {
  const all = heads.flatMap((row, layer) => row.map((value, head) => ({ value, layer, head })));
  const { value, layer, head } = all.reduce((best, each) => (Math.abs(each.value) > Math.abs(best.value) ? each : best));
  return `The largest part is head ${head + 1} of layer ${layer + 1} with ${short(value)}.`;
}
