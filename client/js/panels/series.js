import { create, find, short } from '../dom.js';
import { partsPlot } from './bars.js';
import { closeHead, openHead } from './openHead.js';
import { heatTable, linePlot } from './plot.js';
import { inWords, partInWords } from './wording.js';

/**
 * @typedef {import('../compute/screen.js').Screen} Screen
 * @typedef {import('../compute/maps.js').SeriesEntry} Entry
 * @typedef {import('../store.js').Store} Store
 */

/** What a method says in numbers: scores, and series as plots and tables. @param {Store} store */
export function seriesPanel(store) {
  const section = find('#series', HTMLElement);
  let drawn = '';
  /** @type {unknown} */
  let set = null;

  store.on(['screen'], ({ screen }) => {
    if (!screen) return;
    const { shown: { target, values, fromLayer, toLayer } } = screen;
    const key = JSON.stringify([target, values.head, fromLayer, toLayer]);
    if (set === screen.set && drawn === key) return;
    [set, drawn] = [screen.set, key];
    const { scores, series } = screen.set;
    // Two plots stand side by side where there is room.
    const whole = /** @type {HTMLElement} */ (section.parentElement).clientWidth;
    const room = { whole, each: whole > 700 ? whole / 2 : whole };
    section.replaceChildren(
      ...(scores.length ? [table('Scores', ['', 'Label', 'Value'], scores.map(({ name, label, value }) => [inWords(name), label ?? '', short(value)]))] : []),
      ...Object.entries(series).flatMap(([name, entries]) => figures(inWords(name), entries, screen, room, store)));
    section.hidden = section.childElementCount === 0;
  });
}

/**
 * @param {string} title @param {Entry[]} entries @param {Screen} screen @param {{ whole: number, each: number }} room for a plot @param {Store} store
 * @returns {HTMLElement[]}
 */
function figures(title, entries, screen, room, store) {
  const { answer, shown, colormap } = screen;
  const parts = [...new Set(entries.flatMap((entry) => Object.keys(entry)))].filter((part) => part !== 'label');
  const having = (/** @type {(value: unknown) => boolean} */ test) => parts.filter((part) => entries.every((entry) => test(entry[part])));
  const numbers = having((value) => typeof value === 'number');
  const lists = having((value) => Array.isArray(value) && typeof value[0] === 'number');
  const tables = having((value) => Array.isArray(value) && Array.isArray(value[0]));
  const nameOf = (/** @type {Entry} */ { label }) => label ?? '';
  const of = (/** @type {string} */ part, /** @type {string} */ label) => [title, partInWords(part), label].filter(Boolean).join(', ');
  const open = (/** @type {number} */ layer, /** @type {number} */ head) => openHead(store, shown, { layer, head, method: shown.method });
  const ofHeads = (/** @type {unknown} */ value) => Array.isArray(value) && value.length === answer.layers && value[0]?.length === answer.heads;

  const tableOf = (/** @type {string} */ part, /** @type {Entry} */ entry) => {
    const values = /** @type {number[][]} */ (entry[part]);
    const [down, across] = ofHeads(values) ? ['Layer', 'head'] : ['Row', 'column'];
    return heatTable({ title: of(part, nameOf(entry)), down, across, values, colormap, open: ofHeads(values) ? open : null });
  };
  if (tables.length === 1 && numbers.includes('score') && entries.every((entry) => ofHeads(entry[tables[0]]) && addsUp(entry))) {
    // As many numbers as heads: those of the label on the picture are enough.
    const entry = entries.find(({ label }) => label === shown.target) ?? entries[0];
    const single = numbers.filter((part) => part !== 'score').map((part) => ({ name: partInWords(part), value: Number(entry[part]) }));
    const others = lists.map((part) => ({ name: partInWords(part), values: /** @type {number[]} */ (entry[part]) }));
    const heads = /** @type {number[][]} */ (entry[tables[0]]);
    const chosen = shown.values.head !== null && shown.fromLayer === shown.toLayer ? { layer: shown.toLayer, head: Number(shown.values.head) } : null;
    const what = { title: `${title} of the score of “${nameOf(entry)}”`, single, heads, others, score: Number(entry.score) };
    const plot = partsPlot(what, { room: room.whole, chosen, open });
    if (chosen) plot.append(allAgain(store));
    return [plot, tableOf(tables[0], entry)];
  }
  const numbersOf = (/** @type {Entry} */ entry) => [nameOf(entry), ...numbers.map((part) => short(Number(entry[part])))];
  const plotOf = (/** @type {string} */ part) => {
    const lines = entries.map((entry) => ({ name: nameOf(entry), values: /** @type {number[]} */ (entry[part]) }));
    const across = lines[0].values.length === answer.layers ? 'layer' : 'number';
    return linePlot({ title: of(part, ''), up: partInWords(part) || title, lines, across, room: room.each });
  };
  return [
    ...(numbers.length ? [table(title, ['Label', ...numbers.map(inWords)], entries.map(numbersOf))] : []),
    ...lists.map(plotOf),
    ...tables.flatMap((part) => entries.map((entry) => tableOf(part, entry))),
  ];
}

/** Whether all other parts are the score's, but for the rounding of integer weights. @param {Entry} entry */
function addsUp({ label: _, score, ...others }) {
  const parts = Object.values(others).flat(2).map(Number);
  return Math.abs(parts.reduce((sum, part) => sum + part, 0) - Number(score)) < 0.05 * parts.reduce((sum, part) => sum + Math.abs(part), 0);
}

/** @param {Store} store */
function allAgain(store) {
  const button = create('button', { type: 'button' }, 'All heads and layers');
  button.addEventListener('click', () => closeHead(store));
  return button;
}

/** @param {string} title @param {string[]} head @param {string[][]} rows */
const table = (title, head, rows) => create('figure', {}, create('figcaption', {}, title), create('table', {},
  create('thead', {}, create('tr', {}, ...head.map((cell) => create('th', { scope: 'col' }, cell)))),
  create('tbody', {}, ...rows.map((row) => create('tr', {}, ...row.map((cell) => create('td', {}, cell)))))));
