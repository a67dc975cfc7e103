import { labelMethod } from '../compute/effective.js';
import { create, find, icon } from '../dom.js';
import { fromCsv } from '../settings/csv.js';

/** @typedef {import('../store.js').State} State */

/** Labels as chips: the model's score behind each, a click looks at one, keys and the grip move it. @param {import('../store.js').Store} store */
export function labelsPanel(store) {
  const list = find('#chips', HTMLOListElement);
  const input = find('#label-input', HTMLInputElement);
  const prompt = find('#prompt', HTMLTextAreaElement);

  find('#label-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    add(fromCsv(input.value));
    input.value = '';
  });
  prompt.addEventListener('change', () => store.set({ prompt: prompt.value.split('\n').map((line) => line.trim()).filter(Boolean) }));
  list.addEventListener('keydown', onKey);
  list.addEventListener('pointerdown', startDrag);

  store.on(['labels', 'answer', 'target', 'screen', 'models', 'model', 'prompt'], (state) => {
    const model = state.models.find(({ id }) => id === state.answer?.model.id);
    const offered = !model || model.text !== false || model.classes !== null;
    find('#labels-panel', HTMLElement).hidden = !offered;
    find('#prompt-details', HTMLDetailsElement).hidden = model?.text === false;
    if (document.activeElement !== prompt) prompt.value = state.prompt.join('\n');
    input.placeholder = model?.classes ? 'Add a class…' : 'Add a label…';
    showChips(state);
    const note = find('#labels-note', HTMLParagraphElement);
    note.hidden = state.labels.length > 0;
    note.textContent = model?.classes ? `The best of ${model.classes} classes. Add others by name or number.`
      : 'Words for what may be in the picture. The model scores each, and shows where it fits.';
  });

  /** @param {State} state */
  function showChips({ labels, answer, screen }) {
    const focused = list.contains(document.activeElement) ? document.activeElement : null;
    const label = labelOf(focused);
    const shown = labels.length ? labels : (answer?.labels ?? []);
    list.replaceChildren(...shown.map((each) => chip(each, {
      score: answer?.predictions.find((prediction) => prediction.label === each)?.score,
      target: screen?.shown.target === each,
      own: labels.length > 0,
    })));
    if (!focused) return;
    const part = focused.classList.contains('remove') ? '.remove' : '.name';
    /** @type {HTMLElement} */ ((chipOf(label) ?? list.lastElementChild)?.querySelector(part) ?? input).focus();
  }

  /** @param {string} label @param {{ score?: number, target: boolean, own: boolean }} how */
  function chip(label, { score, target, own }) {
    const percent = score === undefined ? '' : `${(100 * score).toFixed(score >= 0.9995 ? 0 : 1)} %`;
    const attributes = { 'aria-pressed': String(target), 'aria-keyshortcuts': 'Alt+ArrowUp Alt+ArrowDown Delete' };
    const name = create('button', { type: 'button', class: 'name', attributes }, create('span', {}, label), create('span', { class: 'score' }, percent));
    name.addEventListener('click', () => look(label));
    const item = create('li', { class: target ? 'chip is-target' : 'chip', attributes: { 'data-label': label } });
    if (own) item.append(create('span', { class: 'grip', attributes: { 'aria-hidden': 'true' } }, icon('grip')));
    item.append(name);
    if (own) {
      const remove = create('button', { type: 'button', class: 'icon remove', attributes: { 'aria-label': `Remove ${label}` } }, icon('close'));
      remove.addEventListener('click', () => removeLabel(label));
      item.append(remove);
    }
    item.style.setProperty('--score', String(score ?? 0));
    item.classList.toggle('is-foreign', !own);
    return item;
  }

  /** A click on a label shows its map: by the method on screen where it depends on labels. @param {string} label */
  function look(label) {
    const { answer, method } = store.state;
    store.set({ target: label, method: (answer && labelMethod(store.state, answer)?.name) ?? method });
  }

  /** @param {string | undefined} label */
  const chipOf = (label) => [...list.children].find((item) => labelOf(item) === label);

  /** @param {string[]} added */
  function add(added) {
    const { labels } = store.state;
    const fresh = added.filter((label, i) => ![...labels, ...added.slice(0, i)].some((other) => other.toLowerCase() === label.toLowerCase()));
    if (fresh.length) store.set({ labels: [...labels, ...fresh] });
  }

  /** @param {string} label */
  const removeLabel = (label) => store.set({ labels: store.state.labels.filter((other) => other !== label) });

  /** @param {string} label @param {number} to */
  function move(label, to) {
    const labels = store.state.labels.filter((other) => other !== label);
    labels.splice(to, 0, label);
    store.set({ labels });
  }

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const label = labelOf(event.target);
    if (label === undefined) return;
    const index = store.state.labels.indexOf(label);
    if (event.key === 'Delete') removeLabel(label);
    else if (event.altKey && event.key === 'ArrowUp') move(label, Math.max(0, index - 1));
    else if (event.altKey && event.key === 'ArrowDown') move(label, index + 1);
    else return;
    event.preventDefault();
  }

  /** @param {PointerEvent} event */
  function startDrag(event) {
    const label = event.target instanceof Element && event.target.closest('.grip') ? labelOf(event.target) : undefined;
    if (label === undefined) return;
    event.preventDefault();
    const drag = (/** @type {PointerEvent} */ { clientX, clientY }) => {
      const over = labelOf(document.elementFromPoint(clientX, clientY));
      if (over !== undefined && over !== label) move(label, store.state.labels.indexOf(over));
    };
    document.addEventListener('pointermove', drag);
    const stop = () => document.removeEventListener('pointermove', drag);
    for (const end of ['pointerup', 'pointercancel']) document.addEventListener(end, stop, { once: true });
  }
}

/** @param {EventTarget | null} target */
const labelOf = (target) => {
  const item = target instanceof Element ? target.closest('.chip') : null;
  return item instanceof HTMLElement ? item.dataset.label : undefined;
};
