import { create, find, short } from '../dom.js';
import { heatTable, linePlot } from './plot.js';
import { inWords } from './wording.js';

/**
 * @typedef {import('../compute/screen.js').Screen} Screen
 * @typedef {import('../compute/maps.js').SeriesEntry} Entry
 */

/** What a method says in numbers: scores, and series as plots and tables. @param {import('../store.js').Store} store */
export function seriesPanel(store) {
  const section = find('#series', HTMLElement);
  /** @type {unknown} */
  let drawn = null;

  store.on(['screen'], ({ screen }) => {
    if (!screen || drawn === screen.set) return;
    drawn = screen.set;
    const { scores, series } = screen.set;
    // Two plots stand side by side where there is room.
    const whole = /** @type {HTMLElement} */ (section.parentElement).clientWidth;
    const room = whole > 700 ? whole / 2 : whole;
    section.replaceChildren(
      ...(scores.length ? [table('Scores', ['', 'Label', 'Value'], scores.map(({ name, label, value }) => [inWords(name), label ?? '', short(value)]))] : []),
      ...Object.entries(series).flatMap(([name, entries]) => figures(inWords(name), entries, screen, room)));
    section.hidden = section.childElementCount === 0;
  });
}

/** @param {string} title @param {Entry[]} entries @param {Screen} screen @param {number} room for a plot @returns {HTMLElement[]} */
function figures(title, entries, { answer, colormap }, room) {
  const parts = [...new Set(entries.flatMap((entry) => Object.keys(entry)))].filter((part) => part !== 'label');
  const having = (/** @type {(value: unknown) => boolean} */ test) => parts.filter((part) => entries.every((entry) => test(entry[part])));
  const numbers = having((value) => typeof value === 'number');
  const lists = having((value) => Array.isArray(value) && typeof value[0] === 'number');
  const tables = having((value) => Array.isArray(value) && Array.isArray(value[0]));
  const nameOf = (/** @type {Entry} */ { label }) => label ?? '';
  const of = (/** @type {string} */ part, /** @type {string} */ label) => [`${title}: ${inWords(part).toLowerCase()}`, label].filter(Boolean).join(', ');
  const numbersOf = (/** @type {Entry} */ entry) => [nameOf(entry), ...numbers.map((part) => short(Number(entry[part])))];
  const plotOf = (/** @type {string} */ part) => {
    const lines = entries.map((entry) => ({ name: nameOf(entry), values: /** @type {number[]} */ (entry[part]) }));
    const across = lines[0].values.length === answer.layers ? 'layer' : 'number';
    return linePlot({ title: of(part, ''), up: inWords(part).toLowerCase(), lines, across, room });
  };
  const tablesOf = (/** @type {string} */ part) => entries.map((entry) => {
    const values = /** @type {number[][]} */ (entry[part]);
    const [down, across] = values.length === answer.layers && values[0].length === answer.heads ? ['Layer', 'head'] : ['Row', 'column'];
    return heatTable({ title: of(part, nameOf(entry)), down, across, values, colormap });
  });
  return [
    ...(numbers.length ? [table(title, ['Label', ...numbers.map(inWords)], entries.map(numbersOf))] : []),
    ...lists.map(plotOf),
    ...tables.flatMap(tablesOf),
  ];
}

/** @param {string} title @param {string[]} head @param {string[][]} rows */
const table = (title, head, rows) => create('figure', {}, create('figcaption', {}, title), create('table', {},
  create('thead', {}, create('tr', {}, ...head.map((cell) => create('th', { scope: 'col' }, cell)))),
  create('tbody', {}, ...rows.map((row) => create('tr', {}, ...row.map((cell) => create('td', {}, cell)))))));
