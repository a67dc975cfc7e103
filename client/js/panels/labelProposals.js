import { create, find } from '../dom.js';
import { listClasses } from '../network/api.js';
import { modelOf } from '../store.js';

const rest = 200;

/** While a class is being named, the classes that hold these letters. @param {HTMLInputElement} input @param {import('../store.js').Store} store */
export function proposeClasses(input, store) {
  const proposals = find('#label-proposals', HTMLDataListElement);
  let running = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  input.addEventListener('input', () => {
    clearTimeout(timer);
    running.abort();
    const model = modelOf(store.state);
    const text = input.value.trim();
    // A proposal that was picked needs no others.
    if (!model?.classes || !text || [...proposals.options].some(({ value }) => value === text)) return;
    const { signal } = (running = new AbortController());
    timer = setTimeout(() => propose(model.id, text, signal), rest);
  });

  /** @param {string} model @param {string} text @param {AbortSignal} signal */
  async function propose(model, text, signal) {
    try {
      const names = await listClasses(model, text, { signal });
      proposals.replaceChildren(...names.map((value) => create('option', { value })));
    } catch {
      // Without proposals a class can still be named.
      proposals.replaceChildren();
    }
  }

  store.on(['model'], () => proposals.replaceChildren());
}
