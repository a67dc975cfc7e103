import { outlinePatch } from '../canvas/marks.js';
import { Painter } from '../canvas/painter.js';
import { openPicture, own } from '../canvas/picture.js';
import { fit } from '../canvas/placement.js';
import { patchOf } from '../compute/effective.js';
import { find, fitCanvas, short } from '../dom.js';
import { Kept } from '../kept.js';
import { listSamples, loadSample, postBoth } from '../network/api.js';
import { setOf } from '../network/fetchedMaps.js';
import { queryFor } from '../network/query.js';
import { sayProblem } from './problem.js';
import { idOf, sampleRow } from './samples.js';

/**
 * @typedef {import('../canvas/picture.js').Picture} Picture
 * @typedef {import('../compute/screen.js').Screen} Screen
 * @typedef {{ image: import('../compute/answer.js').Explanation['image'], map: import('../compute/maps.js').Heatmap }} Compared
 */

/** A pointer that moves asks once it rests. */
const rest = 60;
/** Answers kept, so that going back asks nothing. */
const most = 64;

/**
 * Another picture, whose patches are compared with the chosen one: a sample, or one that is chosen, dropped or pasted here.
 * @param {import('../store.js').Store} store
 */
export async function referencePanel(store) {
  const panel = find('#reference-panel', HTMLElement);
  const note = find('#reference-note', HTMLParagraphElement);
  const figure = find('#reference-figure', HTMLElement);
  const canvas = find('canvas', HTMLCanvasElement, figure);
  const remove = find('#reference-remove', HTMLButtonElement);
  const painter = new Painter(canvas);
  /** @type {Kept<Compared>} */
  const known = new Kept(most);
  /** @type {Picture | null} */
  let picture = null;
  /** @type {Compared | null} */
  let compared = null;
  let running = new AbortController();
  let asked = '';

  listenForFiles(panel, async (file) => {
    picture = await openPicture(file, file.name, own);
    known.clear();
    asked = '';
    store.set({ reference: null });
    store.set({ reference: own });
  });
  remove.addEventListener('click', () => store.set({ reference: null }));
  new ResizeObserver(() => draw()).observe(canvas);

  const { samples } = await listSamples();
  const mark = sampleRow(find('#reference-samples', HTMLUListElement), samples, 'Compare with the sample', ({ file }) => store.set({ reference: idOf(file) }));

  store.on(['screen', 'reference', 'theme'], async ({ screen, reference }) => {
    panel.hidden = !screen?.shown.method.reference;
    mark(reference);
    remove.hidden = reference === null;
    if (!screen || panel.hidden || reference === null) return leave('');
    if (picture?.sample !== reference) {
      const sample = samples.find(({ file }) => idOf(file) === reference);
      if (!sample) return leave(reference === own ? 'The other picture is not part of a link: choose one.' : `There is no sample “${reference}”.`);
      picture = await openPicture(await loadSample(sample.file), sample.file, reference);
    }
    if (store.state.reference === reference) follow(screen, picture);
  });

  /** @param {Screen} screen @param {Picture} other */
  function follow(screen, other) {
    const query = queryFor('explain', screen.shown, screen.answer);
    const key = `${screen.answer.image.sha256} ${other.sample} ${query}`;
    if (key === asked) return draw();
    asked = key;
    running.abort();
    const found = known.get(key);
    if (found) show(found);
    else ask(screen, other, query, key, (running = new AbortController()).signal);
  }

  /** @param {Screen} screen @param {Picture} other @param {string} query @param {string} key @param {AbortSignal} signal */
  async function ask(screen, other, query, key, signal) {
    try {
      await new Promise((resolve) => setTimeout(resolve, rest));
      signal.throwIfAborted();
      if (!compared) note.textContent = 'The server compares the pictures…';
      const answer = await postBoth(`explain?${query}`, screen.answer.question.picture.blob, other.blob, { signal });
      const found = { image: answer.image, map: setOf(answer).maps[0] };
      known.set(key, found);
      if (!signal.aborted) show(found);
    } catch (error) {
      if (signal.aborted) return;
      leave('');
      sayProblem(note, error);
    }
  }

  /** @param {Compared} found */
  function show(found) {
    compared = found;
    figure.hidden = false;
    draw();
  }

  /** @param {string} reason */
  function leave(reason) {
    running.abort();
    asked = '';
    compared = null;
    figure.hidden = true;
    note.textContent = reason;
  }

  /** The other picture under its map, in the colours of the stage, with the patch that is most alike. */
  function draw() {
    const { screen } = store.state;
    if (!screen || !compared || !picture) return;
    const { image, map } = compared;
    const { grid } = screen.answer;
    canvas.style.aspectRatio = `${image.width} / ${image.height}`;
    fitCanvas(canvas);
    const placement = fit(canvas, image);
    const best = map.values.indexOf(Math.max(...map.values));
    const patch = { row: Math.floor(best / grid.columns), column: best % grid.columns };
    if (picture.bitmap) painter.paintPicture(picture.bitmap, image, placement);
    const other = /** @type {Screen} */ ({ ...screen, answer: { grid, image, question: { picture } }, map, colors: null });
    painter.paintMap(other, image, placement, true);
    painter.paintVeil(image, placement, image.seen, getComputedStyle(document.body).backgroundColor);
    outlinePatch(canvas, placement, patch, image.seen, grid, 2.5);
    const asking = patchOf(screen.shown.query ?? '0,0');
    const words = `Most like row ${asking.row + 1}, column ${asking.column + 1} of the picture: row ${patch.row + 1}, column ${patch.column + 1} of this one `
      + `(${short(map.values[best])}). Colours as above.`;
    note.textContent = words;
    canvas.setAttribute('aria-label', `The other picture with its heatmap. ${words}`);
  }
}

/** Chosen, dropped on the panel, or pasted while the focus is in it. @param {HTMLElement} panel @param {(file: File) => void} take */
function listenForFiles(panel, take) {
  const input = find('input', HTMLInputElement, panel);
  const drop = find('.drop', HTMLLabelElement, panel);
  input.addEventListener('change', () => {
    if (input.files?.[0]) take(input.files[0]);
    input.value = '';
  });
  /** @param {Event} event @param {DataTransfer | null} data */
  const takeFrom = (event, data) => {
    drop.classList.remove('is-target');
    if (!data?.files[0]) return;
    event.preventDefault();
    take(data.files[0]);
  };
  panel.addEventListener('paste', (event) => takeFrom(event, event.clipboardData));
  panel.addEventListener('drop', (event) => takeFrom(event, event.dataTransfer));
  panel.addEventListener('dragover', () => drop.classList.add('is-target'));
  panel.addEventListener('dragleave', () => drop.classList.remove('is-target'));
}
