import { listSamples, loadSample } from '../network/api.js';
import { create, find } from '../dom.js';
import { keepPicture, keptPicture } from './keptPicture.js';
import { openPicture } from '../canvas/picture.js';
import { modelOf } from '../store.js';

/**
 * In: drop, paste, choose, samples. Without a picture of the user's own the first sample is shown, so that the page is never empty.
 * @param {import('../store.js').Store} store
 */
export async function picturePanel(store) {
  const input = find('#file', HTMLInputElement);
  input.addEventListener('change', () => {
    if (input.files?.[0]) take(input.files[0]);
    input.value = '';
  });
  document.addEventListener('paste', ({ clipboardData }) => {
    const file = clipboardData?.files[0];
    if (file) take(file);
  });
  listenToDrops(take);

  const samples = await listSamples();
  const list = find('#samples', HTMLUListElement);
  list.append(...samples.map((sample) => create('li', {}, sampleButton(sample))));

  store.on(['sample', 'models'], async ({ sample, picture, models }) => {
    for (const button of list.querySelectorAll('button')) button.setAttribute('aria-pressed', String(button.dataset.sample === sample));
    if (models.length === 0 || (picture && picture.sample === sample)) return;
    const wanted = samples.find(({ file }) => idOf(file) === sample);
    const own = wanted ? null : await keptPicture();
    if (own) store.set({ picture: own });
    else show(wanted ?? samples[0], store.state.labels);
  });

  /** A picture of the user's own. The labels of a sample mean nothing for it. @param {File} file */
  async function take(file) {
    const picture = await openPicture(file, file.name);
    const { sample, labels } = store.state;
    const ofSample = samples.some((each) => idOf(each.file) === sample && String(each.labels) === String(labels));
    store.set({ picture, sample: null, query: null, cursor: null, ...(ofSample ? { labels: [], target: null } : {}) });
    if (picture.bitmap) keepPicture(file, file.name);
  }

  /** @param {import('../network/api.js').Sample} sample @param {string[]} [labels] others than the sample's own */
  async function show({ file, labels: own }, labels = []) {
    const picture = await openPicture(await loadSample(file), file, idOf(file));
    const words = labels.length ? labels : modelOf(store.state)?.text ? own : [];
    store.set({ picture, sample: picture.sample, labels: words });
  }

  /** @param {import('../network/api.js').Sample} sample */
  function sampleButton(sample) {
    const name = sample.labels.join(' and ');
    const image = create('img', { src: `samples/${sample.file}`, alt: '', loading: 'lazy' });
    const button = create('button', { type: 'button', title: name, attributes: { 'aria-label': `Sample: ${name}`, 'data-sample': idOf(sample.file) } }, image);
    button.addEventListener('click', () => {
      store.set({ query: null, cursor: null, target: null });
      show(sample);
    });
    return button;
  }
}

/** @param {string} file */
const idOf = (file) => file.replace(/\.\w+$/, '');

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
    event.preventDefault();
    mark(false);
    const file = event.dataTransfer?.files[0];
    if (file) take(file);
  });
}
