import { palette } from '../canvas/colormaps.js';
import { create, short } from '../dom.js';

const size = { width: 720, height: 280, left: 60, right: 120, top: 12, bottom: 48 };
const series = 8;

/**
 * Lines over 1, 2, 3 …, each named at its end.
 * @param {{ title: string, across: string, up: string, lines: { name: string, values: number[] }[], now?: number }} what `across`, `up`: what the axes count; `now`: where a mark stands
 */
export function linePlot({ title, across, up, lines, now }) {
  const count = Math.max(...lines.map(({ values }) => values.length));
  const all = lines.flatMap(({ values }) => values);
  const ticks = ticksOf(Math.min(...all), Math.max(...all));
  const [low, high] = [ticks[0], ticks[ticks.length - 1]];
  const x = (/** @type {number} */ at) => size.left + ((at - 1) / Math.max(1, count - 1)) * (size.width - size.left - size.right);
  const y = (/** @type {number} */ value) => size.top + ((high - value) / (high - low)) * (size.height - size.top - size.bottom);

  const ends = lines.map(({ name, values }) => `${name} ${short(values[values.length - 1])}`).join(', ');
  const plot = svg('svg', { class: 'plot', viewBox: `0 0 ${size.width} ${size.height}`, role: 'img', 'aria-label': `${title}. At the last ${across}: ${ends}.` });
  for (const tick of ticks) {
    plot.append(svg('line', { class: 'grid', x1: size.left, x2: size.width - size.right, y1: y(tick), y2: y(tick) }),
      svg('text', { class: 'axis-text', x: size.left - 8, y: y(tick) + 4, 'text-anchor': 'end' }, decimal(tick, ticks[1] - ticks[0])));
  }
  const every = Math.ceil(count / 12);
  for (let at = 1; at <= count; at += every) plot.append(svg('text', { class: 'axis-text', x: x(at), y: size.height - 28, 'text-anchor': 'middle' }, String(at)));
  plot.append(svg('text', { class: 'axis-text', x: (size.left + size.width - size.right) / 2, y: size.height - 8, 'text-anchor': 'middle' }, across),
    svg('text', { class: 'axis-text', x: 0, y: 0, 'text-anchor': 'middle', transform: `translate(12 ${(size.top + size.height - size.bottom) / 2}) rotate(-90)` }, up));
  if (now !== undefined) plot.append(svg('line', { class: 'now', x1: x(now), x2: x(now), y1: size.top, y2: size.height - size.bottom }));
  const names = spread(lines.map(({ values }) => y(values[values.length - 1])));
  for (const [index, { name, values }] of lines.entries()) {
    const colour = `series-${(index % series) + 1}`;
    plot.append(svg('polyline', { class: colour, points: values.map((value, at) => `${x(at + 1)},${y(value)}`).join(' ') }),
      svg('text', { class: `name ${colour}`, x: size.width - size.right + 8, y: names[index] + 4 }, name));
  }
  return create('figure', {}, create('figcaption', {}, title), plot);
}

/**
 * A table of numbers as colours, each number in its cell.
 * @param {{ title: string, down: string, across: string, values: number[][], colormap: Parameters<typeof palette>[0] }} what
 */
export function heatTable({ title, down, across, values, colormap }) {
  const all = values.flat();
  const bound = Math.max(...all.map(Math.abs));
  const signed = all.some((value) => value < 0);
  const [low, high] = signed ? [-bound, bound] : [Math.min(...all), Math.max(...all)];
  const colours = palette(signed ? 'coolwarm' : colormap);
  const cell = (/** @type {number} */ value) => {
    const pixel = colours[Math.min(255, Math.floor((256 * (value - low)) / (high - low || 1)))];
    const [red, green, blue] = [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
    const element = create('td', {}, short(value));
    element.style.background = `rgb(${red} ${green} ${blue})`;
    element.style.color = luminance(red, green, blue) > 0.179 ? '#000' : '#fff';
    return element;
  };
  return create('figure', { class: 'heat-table' }, create('figcaption', {}, title),
    create('div', { class: 'scrolled', tabIndex: 0 }, create('table', {},
      create('thead', {}, create('tr', {}, create('th', { scope: 'col' }, `${down} \\ ${across}`), ...values[0].map((_, column) => create('th', { scope: 'col' }, String(column + 1))))),
      create('tbody', {}, ...values.map((row, index) => create('tr', {}, create('th', { scope: 'row' }, String(index + 1)), ...row.map(cell)))))));
}

/** Round numbers from below the lowest value to above the highest: 1, 2 or 5 times a power of ten apart. @param {number} low @param {number} high */
export function ticksOf(low, high) {
  const span = high - low || Math.abs(high) || 1;
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = power * (/** @type {number} */ ([1, 2, 5, 10].find((each) => each * power >= span / 4)));
  const first = Math.floor(low / step);
  const last = Math.max(first + 1, Math.ceil(high / step));
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** With as many decimals as the step between two ticks has. @param {number} value @param {number} step */
const decimal = (value, step) => value.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9))).replace('-', '−');

/** WCAG's relative luminance. @param {number[]} colour */
const luminance = (...colour) => {
  const [red, green, blue] = colour.map((byte) => (byte / 255 <= 0.04045 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4));
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

/** @param {string} tag @param {Record<string, string | number>} attributes @param {...string} children */
function svg(tag, attributes, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}
