import { create, find, short } from '../dom.js';
import { captionOf, endsOf, rangeInWords, sentenceOf } from './captions.js';
import { colorBar } from './colorBar.js';

/** @typedef {import('../compute/screen.js').Screen} Screen */

const listed = 10;
const rest = 300;

/** The words and numbers of the map: caption, colour bar, value under the pointer, strongest patches. @param {import('../store.js').Store} store */
export function legendPanel(store) {
  const sentence = find('#sentence', HTMLParagraphElement);
  const caption = find('#caption', HTMLParagraphElement);
  const readout = find('#readout', HTMLParagraphElement);
  const said = find('#stage-said', HTMLParagraphElement);
  const scale = find('#color-scale', HTMLDivElement);
  const range = find('#color-range', HTMLParagraphElement);
  const table = find('#table-panel', HTMLDetailsElement);
  const bar = colorBar();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  scale.prepend(bar.element);

  store.on(['screen'], ({ screen }) => {
    if (!screen) return;
    find('#workbench', HTMLElement).classList.remove('is-empty');
    sentence.textContent = sentenceOf(screen);
    caption.textContent = captionOf(screen);
    const { limits, colormap, map, answer: { image } } = screen;
    find('#seen-note', HTMLParagraphElement).hidden = !isCut(image);
    readout.hidden = scale.hidden = table.hidden = !map;
    if (!map) return;
    bar.show({ limits, colormap, ends: endsOf(screen), maps: [map] });
    range.replaceChildren(rangeInWords(screen), ...showOthers(screen));
    listStrongest(screen);
  });
  table.addEventListener('toggle', () => {
    if (store.state.screen) listStrongest(store.state.screen);
  });

  store.on(['screen', 'cursor'], ({ screen, cursor, keyed }) => {
    if (!screen?.map) return;
    const { map: { values }, answer: { grid: { rows, columns }, patches } } = screen;
    const place = (/** @type {{ row: number, column: number }} */ { row, column }) => `row ${row + 1} of ${rows}, column ${column + 1} of ${columns}`;
    const value = cursor ? values[cursor.row * columns + cursor.column] : null;
    bar.point(value);
    if (cursor && value !== null) {
      const rank = 1 + Array.from(values).filter((other) => other > value).length;
      readout.textContent = `R${place(cursor).slice(1)}: ${short(value)} · rank ${rank} of ${patches}`;
      readout.dataset.value = String(value);
      if (keyed) sayAtRest();
    } else {
      const highest = Math.max(...values);
      readout.textContent = `Highest in ${place(patchAt(values.indexOf(highest), columns))}: ${short(highest)}`;
    }
  });

  /** Each key changes the patch, and a moment later its map; a pointer that moves would never be silent. */
  function sayAtRest() {
    clearTimeout(timer);
    timer = setTimeout(() => { said.textContent = readout.textContent; }, rest);
  }

  /** Where a few patches take all colours, the others are one click away, unless a warning offers them. @param {Screen} screen */
  function showOthers({ limits, shown: { scale }, set: { warnings } }) {
    if (limits.by !== 'extremes' || scale !== 'percentile' || warnings.some((warning) => warning.includes('scale=shared'))) return [];
    return [create('button', { type: 'button', class: 'link', onclick: () => store.set({ scale: 'shared' }) }, 'Show the other patches')];
  }

  /** @param {Screen} screen */
  function listStrongest({ map, answer: { grid: { columns } } }) {
    if (!table.open || !map) return;
    const { values } = map;
    const order = Array.from(values.keys()).sort((a, b) => values[b] - values[a]).slice(0, listed);
    find('#strongest', HTMLTableSectionElement).replaceChildren(...order.map((patch, rank) => {
      const { row, column } = patchAt(patch, columns);
      return create('tr', {}, ...[rank + 1, row + 1, column + 1, short(values[patch])].map((cell) => create('td', {}, String(cell))));
    }));
  }
}

/** Whether the model sees less than the picture, beyond a rounding. @param {Screen['answer']['image']} image */
const isCut = ({ width, height, seen }) => seen.width < width - 1 || seen.height < height - 1;

/** @param {number} patch @param {number} columns */
const patchAt = (patch, columns) => ({ row: Math.floor(patch / columns), column: patch % columns });
