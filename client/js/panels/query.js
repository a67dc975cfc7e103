import { choices, find } from '../dom.js';

/** The token that is asked: CLS, all, or a patch. @param {import('../state.js').Store} store */
export function queryPanel(store) {
  const note = find('#query-note', HTMLParagraphElement);
  const query = choices('#query', (value) => {
    if (value !== 'patch') return store.set({ query: value, pinned: true });
    const { screen } = store.state;
    if (!screen) return;
    const { rows, columns } = screen.answer.grid;
    store.set({ query: `${rows >> 1},${columns >> 1}`, pinned: false });
  });

  store.on(['screen', 'pinned'], ({ screen, pinned }) => {
    if (!screen) return;
    const { shown, answer } = screen;
    const patch = shown.query.includes(',');
    const asked = shown.method !== 'alignment';
    query.show(patch ? 'patch' : shown.query);
    query.group.disabled = !asked;
    query.enable('cls', answer.hasCls && asked);
    note.textContent = !asked ? 'Alignment reads every patch on its own.'
      : !patch ? 'Click a patch to ask from it.'
      : pinned ? 'Pinned; click another patch, or press Esc.' : 'Follows the pointer; click to pin.';
  });
}
