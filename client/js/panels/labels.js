import { labelMethod } from '../compute/effective.js';
import { create, find, icon } from '../dom.js';
import { fromCsv } from '../settings/csv.js';
import { modelOf } from '../store.js';
import { draggable } from './labelDrag.js';
import { proposeClasses } from './labelProposals.js';

/** @typedef {import('../store.js').State} State */

/**
 * Labels as chips: the model's score behind each, a click shows its map, keys and the grip move it. A label that the model refuses says why where it stands.
 * @param {import('../store.js').Store} store
 */
export function labelsPanel(store) {
  const list = find('#chips', HTMLOListElement);
  const input = find('#label-input', HTMLInputElement);
  const prompt = find('#prompt', HTMLTextAreaElement);
  const alert = find('#labels-refused', HTMLParagraphElement);

  find('#label-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    // The name of a class may hold commas of its own.
    const picked = [...find('#label-proposals', HTMLDataListElement).options].find(({ value }) => value === input.value.trim());
    add(picked ? [picked.value] : fromCsv(input.value));
    input.value = '';
  });
  prompt.addEventListener('change', () => store.set({ prompt: prompt.value.split('\n').map((line) => line.trim()).filter(Boolean), refused: {} }));
  list.addEventListener('keydown', onKey);
  draggable(list, labelOf, (label, over) => move(label, store.state.labels.indexOf(over)));
  proposeClasses(input, store);

  store.on(['labels', 'answer', 'target', 'screen', 'models', 'model', 'prompt', 'refused'], (state) => {
    const model = modelOf(state);
    const offered = !model || model.text !== false || model.classes !== null;
    find('#labels-panel', HTMLElement).hidden = !offered;
    find('#prompt-details', HTMLDetailsElement).hidden = model?.text === false;
    if (document.activeElement !== prompt) prompt.value = state.prompt.join('\n');
    input.placeholder = model?.classes ? 'Add a class…' : 'Add a label…';
    showChips(state);
    // Said once: chips are built anew whenever anything about them changes.
    const reasons = state.labels.filter((label) => state.refused[label]).map((label) => `${label}: ${state.refused[label]}`).join(' ');
    if (alert.textContent !== reasons) alert.textContent = reasons;
    const note = find('#labels-note', HTMLParagraphElement);
    note.textContent = noteOf(state) ?? '';
    note.hidden = note.textContent === '';
  });

  /** @param {State} state */
  function showChips(state) {
    const { labels, answer, screen, refused } = state;
    const alone = isAlone(state);
    const focused = list.contains(document.activeElement) ? document.activeElement : null;
    const label = labelOf(focused);
    const best = (answer?.labels ?? []).filter((each) => !labels.includes(each));
    const named = answer?.question.classes || labels.length === 0 ? best : [];
    list.replaceChildren(...[...named, ...labels].map((each) => chip(each, {
      score: alone ? undefined : answer?.predictions.find((prediction) => prediction.label === each)?.score,
      target: screen?.shown.target === each,
      own: labels.includes(each),
      reason: refused[each],
    })));
    if (!focused) return;
    const part = focused.classList.contains('remove') ? '.remove' : '.name';
    /** @type {HTMLElement} */ ((chipOf(label) ?? list.lastElementChild)?.querySelector(part) ?? input).focus();
  }

  /** @param {string} label @param {{ score?: number, target: boolean, own: boolean, reason?: string }} how */
  function chip(label, { score, target, own, reason }) {
    const percent = score === undefined || reason ? '' : `${(100 * score).toFixed(score >= 0.9995 ? 0 : 1)} %`;
    const attributes = { 'aria-pressed': String(target), 'aria-keyshortcuts': 'Alt+ArrowUp Alt+ArrowDown Delete' };
    const name = create('button', { type: 'button', class: 'name', disabled: reason !== undefined, attributes },
      create('span', {}, label), create('span', { class: 'score' }, percent));
    name.addEventListener('click', () => look(label));
    const item = create('li', { class: 'chip', attributes: { 'data-label': label } });
    if (own) item.append(create('span', { class: 'grip', attributes: { 'aria-hidden': 'true' } }, icon('grip')));
    item.append(name);
    if (own) {
      const remove = create('button', { type: 'button', class: 'icon remove', attributes: { 'aria-label': `Remove ${label}` } }, icon('close'));
      remove.addEventListener('click', () => removeLabel(label));
      item.append(remove);
    }
    if (reason) item.append(create('p', { class: 'reason' }, reason));
    item.style.setProperty('--score', String(reason ? 0 : (score ?? 0)));
    item.classList.toggle('is-target', target);
    item.classList.toggle('is-foreign', !own);
    item.classList.toggle('is-refused', reason !== undefined);
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
  function removeLabel(label) {
    const { [label]: _, ...refused } = store.state.refused;
    store.set({ labels: store.state.labels.filter((other) => other !== label), refused });
  }

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
}

/** What is to be done with labels, or with a number that says nothing; null where nothing is to be said. @param {State} state */
function noteOf(state) {
  const model = modelOf(state);
  if (state.labels.length > 0) return isAlone(state) ? 'One label always has all of the score: add what else it may be.' : null;
  return model?.classes ? `The best of ${model.classes} classes. Add others by name or number.`
    : 'Name what may be in the picture, such as “cat, dog”. The model scores each label and shows where it finds it.';
}

/** Whether scores are shares and only one label has a share. @param {State} state */
function isAlone(state) {
  const model = modelOf(state);
  return model?.text === true && model.scores === 'softmax' && state.labels.filter((label) => !state.refused[label]).length === 1;
}

/** @param {EventTarget | null} target */
const labelOf = (target) => {
  const item = target instanceof Element ? target.closest('.chip') : null;
  return item instanceof HTMLElement ? item.dataset.label : undefined;
};
