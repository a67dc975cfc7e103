import { own } from '../canvas/picture.js';
import { find } from '../dom.js';
import { listSamples, loadSample } from '../network/api.js';
import { defaults, keys } from '../settings/table.js';
import { modelOf } from '../store.js';
import { keepPicture, keptPicture } from './keptPicture.js';
import { PictureReader } from './pictureReader.js';
import { idOf, sampleRow } from './samples.js';

/** @typedef {import('../network/api.js').Sample} Sample */

/**
 * In: drop, paste, choose, samples. A visitor without a picture of his own sees a sample, so that the page is never empty.
 * @param {import('../store.js').Store} store
 */
export function picturePanel(store) {
  const reader = new PictureReader(store);
  start(store, reader);
  return { cancel: () => reader.cancel() };
}

/** @param {import('../store.js').Store} store @param {PictureReader} reader */
async function start(store, reader) {
  const bare = keys.every((key) => JSON.stringify(store.state[key]) === JSON.stringify(defaults[key]));
  const input = find('#file', HTMLInputElement);
  input.addEventListener('change', () => {
    if (input.files?.[0]) take(input.files[0]);
    input.value = '';
  });
  document.addEventListener('paste', ({ clipboardData, defaultPrevented }) => {
    const file = clipboardData?.files[0];
    if (file && !defaultPrevented) take(file);
  });
  listenToDrops(take);

  const { opening, samples } = await listSamples();
  /** The method that the page itself has chosen last; another one is the visitor's own choice, and stays. @type {string | null} */
  let proposed = null;
  const mark = sampleRow(find('#samples', HTMLUListElement), samples, 'Sample', (sample) => {
    store.set({ query: null, cursor: null, target: null, notices: [] });
    propose(sample.method ?? opening.method);
    show(sample);
  });

  store.on(['sample', 'models'], async ({ sample, picture, models }) => {
    mark(sample);
    if (models.length === 0 || (picture && picture.sample === sample)) return;
    if (sample === own) return showKept();
    const wanted = samples.find(({ file }) => idOf(file) === sample);
    if (sample !== null && !wanted) say(`The link names the sample “${sample}”, which is not here; another one is shown.`);
    if (!wanted && bare) return showOpening();
    show(wanted ?? samples[0], store.state.labels);
  });

  /** What a visitor sees first: a label's map that points at something. */
  function showOpening() {
    const { sample, method, labels, target } = opening;
    const words = modelOf(store.state)?.text === true;
    store.set(words ? { method, target } : {});
    if (words) proposed = method;
    show(samples.find(({ file }) => idOf(file) === sample) ?? samples[0], words ? labels : []);
  }

  /** The user's own picture after a reload. In a link that somebody else follows it is missing, and no other stands under its labels. */
  async function showKept() {
    const kept = await keptPicture();
    if (kept) return store.set({ picture: kept });
    say("This link was made for somebody's own picture, which is not part of a link. Choose one to see it with the same settings.");
    store.set({ status: { phase: 'idle' } });
  }

  /** A picture of the user's own. The labels of a sample mean nothing for it. @param {File} file */
  async function take(file) {
    const picture = await reader.read(() => file, file.name, own);
    if (!picture) return;
    const { labels, methods } = store.state;
    const ofSample = [...samples, opening].some((each) => String(each.labels) === String(labels));
    // The opening's method reads stickers well, and photographs badly; those that lie on the object are declared first.
    const able = modelOf(store.state)?.methods;
    if (picture.bitmap) propose(methods.find(({ name, labels: use }) => use === 'needed' && able?.includes(name))?.name);
    store.set({ picture, sample: own, query: null, cursor: null, notices: [], ...(ofSample ? { labels: [], target: null } : {}) });
    find('#drop-target', HTMLDivElement).scrollIntoView({ block: 'nearest' });
    if (picture.bitmap) keepPicture(file, file.name);
  }

  /** Changes the method where it is not the visitor's own choice. @param {string | undefined} method */
  function propose(method) {
    if (method === undefined || proposed === null || store.state.method !== proposed) return;
    proposed = method;
    store.set({ method });
  }

  /** @param {Sample} sample @param {string[]} [labels] others than the sample's own */
  async function show({ file, labels: ofSample }, labels = []) {
    const picture = await reader.read(() => loadSample(file), file, idOf(file));
    if (!picture) return;
    const words = labels.length ? labels : modelOf(store.state)?.text ? ofSample : [];
    store.set({ picture, sample: picture.sample, labels: words });
  }

  /** @param {string} notice */
  const say = (notice) => store.set({ notices: [...store.state.notices, notice] });
}

/** Anywhere on the page. @param {(file: File) => void} take */
function listenToDrops(take) {
  const targets = [find('#drop', HTMLLabelElement), find('#drop-target', HTMLDivElement)];
  const mark = (/** @type {boolean} */ over) => targets.forEach((target) => target.classList.toggle('is-target', over));
  addEventListener('dragover', (event) => {
    event.preventDefault();
    mark(true);
  });
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) mark(false);
  });
  addEventListener('drop', (event) => {
    // Another place on the page may have taken it.
    const taken = event.defaultPrevented;
    event.preventDefault();
    mark(false);
    const file = event.dataTransfer?.files[0];
    if (file && !taken) take(file);
  });
}
