import { asksFromTokens } from '../compute/effective.js';
import { choices, find } from '../dom.js';

/** The token that is asked: CLS, all, or a patch. @param {import('../store.js').Store} store */
export function queryPanel(store) {
  const note = find('#query-note', HTMLParagraphElement);
  const query = choices('#query', (value) => {
    if (value !== 'patch') return store.set({ query: value, pinned: true });
    const { answer } = store.state;
    if (!answer) return;
    const { rows, columns } = answer.grid;
    store.set({ query: `${rows >> 1},${columns >> 1}`, pinned: false });
  });

  store.on(['wanted', 'pinned'], ({ wanted, answer, pinned }) => {
    if (!wanted || !answer) return;
    const patch = wanted.query?.includes(',') ?? false;
    const asked = asksFromTokens(wanted);
    query.show(patch ? 'patch' : (wanted.query ?? answer.wholeQuery));
    query.group.disabled = !asked;
    query.enable('cls', answer.hasCls && asked);
    note.textContent = !asked ? 'This method reads every patch on its own.'
      : !patch ? 'Click a patch to ask from it.'
      : pinned ? 'Pinned; click another patch, or press Esc.' : 'Follows the pointer; click to pin.';
  });
}
