import { palette } from '../canvas/colormaps.js';
import { create, short } from '../dom.js';
import { svg } from './svg.js';
import { decimal, ticksOf } from './ticks.js';

const margin = { left: 60, right: 104, top: 12, bottom: 48 };
const height = 280;
const widest = 720;
const colors = 8;
const longestName = 15;

/**
 * @typedef {object} Lines
 * @property {string} title
 * @property {string} across what the axis counts
 * @property {string} up what the lines say
 * @property {{ name: string, values: number[] }[]} lines
 * @property {number} room width that there is: letters keep their size on a phone
 * @property {number} [now] where a mark stands
 * @property {number[]} [at] where the values stand, instead of 1, 2, 3 …
 */

/** Lines over 1, 2, 3 …, or over given places, each named at its end. @param {Lines} what */
export function linePlot({ title, across, up, lines, room, now, at: places }) {
  const width = Math.min(widest, room || widest);
  const [right, bottom] = [width - margin.right, height - margin.bottom];
  const count = Math.max(...lines.map(({ values }) => values.length));
  const all = lines.flatMap(({ values }) => values);
  const ticks = ticksOf(Math.min(...all), Math.max(...all));
  const [low, high] = [ticks[0], ticks[ticks.length - 1]];
  const [start, end] = places ? [places[0], places[count - 1]] : [1, Math.max(2, count)];
  const x = (/** @type {number} */ at) => margin.left + ((at - start) / (end - start)) * (right - margin.left);
  const y = (/** @type {number} */ value) => margin.top + ((high - value) / (high - low)) * (bottom - margin.top);
  const text = (/** @type {number} */ left, /** @type {number} */ top, /** @type {string} */ words, anchor = 'middle') =>
    svg('text', { class: 'axis-text', x: left, y: top, 'text-anchor': anchor }, words);

  const ends = lines.map(({ name, values }) => `${name} ${short(values[values.length - 1])}`).join(', ');
  const plot = svg('svg', { class: 'plot', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `${title}. At the last ${across}: ${ends}.` });
  for (const tick of ticks) {
    plot.append(svg('line', { class: 'grid', x1: margin.left, x2: right, y1: y(tick), y2: y(tick) }),
      text(margin.left - 8, y(tick) + 4, decimal(tick, ticks[1] - ticks[0]), 'end'));
  }
  const every = Math.ceil((45 * count) / (right - margin.left));
  if (places) for (const at of ticksOf(start, end)) plot.append(text(x(at), height - 28, String(at)));
  else for (let at = 1; at <= count; at += every) plot.append(text(x(at), height - 28, String(at)));
  const turned = text(0, 0, up);
  turned.setAttribute('transform', `translate(12 ${(margin.top + bottom) / 2}) rotate(-90)`);
  plot.append(text((margin.left + right) / 2, height - 8, across), turned);
  if (now !== undefined) plot.append(svg('line', { class: 'now', x1: x(now), x2: x(now), y1: margin.top, y2: bottom }));
  const heights = spread(lines.map(({ values }) => y(values[values.length - 1])));
  for (const [index, { name, values }] of lines.entries()) {
    const color = `series-${(index % colors) + 1}`;
    const shown = name.length > longestName ? `${name.slice(0, longestName - 1)}…` : name;
    plot.append(svg('polyline', { class: color, points: values.map((value, at) => `${x(places?.[at] ?? at + 1)},${y(value)}`).join(' ') }),
      svg('text', { class: `name ${color}`, x: right + 8, y: heights[index] + 4 }, shown));
  }
  return create('figure', {}, create('figcaption', {}, title), plot);
}

/** @typedef {(row: number, column: number) => void} Open both from 1 */

/**
 * A table of numbers as colours, each number in its cell.
 * @typedef {object} Table
 * @property {string} title
 * @property {string} [down] what is counted
 * @property {string} [across] what is counted
 * @property {string[]} [names] of rows and columns alike, in place of numbers
 * @property {(number | null)[][]} values null: there is none
 * @property {Parameters<typeof palette>[0]} colormap
 * @property {Open | null} [open] what a click on a cell does
 */

/** @param {Table} what */
export function heatTable({ title, down = '', across = '', names, values, colormap, open = null }) {
  const all = values.flat().filter((value) => value !== null);
  const bound = Math.max(...all.map(Math.abs));
  const signed = all.some((value) => value < 0);
  const [low, high] = signed ? [-bound, bound] : [Math.min(...all), Math.max(...all)];
  const pixels = palette(signed ? 'coolwarm' : colormap);
  const cell = (/** @type {number | null} */ value, /** @type {number} */ row, /** @type {number} */ column) => {
    if (value === null) return create('td', {}, '–');
    const pixel = pixels[Math.min(255, Math.floor((256 * (value - low)) / (high - low || 1)))];
    const [red, green, blue] = [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
    const name = `${down} ${row + 1}, ${across} ${column + 1}: ${short(value)}. Show it on the picture`;
    const face = open ? create('button', { type: 'button', title: name, attributes: { 'aria-label': name } }, short(value)) : short(value);
    if (open && face instanceof HTMLElement) face.addEventListener('click', () => open(row + 1, column + 1));
    const element = create('td', {}, face);
    element.style.background = `rgb(${red} ${green} ${blue})`;
    element.style.color = luminance(red, green, blue) > 0.179 ? '#000' : '#fff';
    return element;
  };
  const nameOf = (/** @type {number} */ index) => names?.[index] ?? String(index + 1);
  const head = [names ? '' : `${down} \\ ${across}`, ...values[0].map((_, column) => nameOf(column))].map((words) => create('th', { scope: 'col' }, words));
  const rows = values.map((row, index) =>
    create('tr', {}, create('th', { scope: 'row' }, nameOf(index)), ...row.map((value, column) => cell(value, index, column))));
  return create('figure', { class: 'heat-table' }, create('figcaption', {}, title), create('div', { class: 'scrolled', tabIndex: 0 },
    create('table', {}, create('thead', {}, create('tr', {}, ...head)), create('tbody', {}, ...rows))));
}

/** WCAG's relative luminance. @param {number[]} color */
const luminance = (...color) => {
  const [red, green, blue] = color.map((byte) => (byte / 255 <= 0.04045 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

/** Moves the names at the line ends apart. @param {number[]} positions */
function spread(positions) {
  const order = positions.map((at, index) => ({ at, index })).sort((a, b) => a.at - b.at);
  for (let i = 1; i < order.length; i++) order[i].at = Math.max(order[i].at, order[i - 1].at + 15);
  const moved = [...positions];
  for (const { at, index } of order) moved[index] = at;
  return moved;
}
