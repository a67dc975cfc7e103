import { asksAtOnce, asksFromTokens, needsPatch } from '../compute/effective.js';
import { choices, find } from '../dom.js';

/** The token that is asked: the whole picture's, all, or a patch's; and whether the pointer asks by itself. @param {import('../store.js').Store} store */
export function queryPanel(store) {
  const follow = find('#hover', HTMLInputElement);
  const query = choices('#query', (value) => {
    if (value !== 'patch') return store.set({ query: value });
    const { answer } = store.state;
    if (!answer) return;
    const { rows, columns } = answer.grid;
    store.set({ query: `${rows >> 1},${columns >> 1}`, hover: 'read' });
  });
  follow.addEventListener('change', () => store.set({ hover: follow.checked ? 'ask' : 'read' }));

  store.on(['wanted', 'hover'], ({ wanted, answer, hover }) => {
    if (!wanted || !answer) return;
    const patch = wanted.query?.includes(',') ?? false;
    query.show(patch ? 'patch' : (wanted.query ?? answer.wholeQuery));
    query.group.hidden = !asksFromTokens(wanted);
    query.enable('cls', answer.hasCls && !needsPatch(wanted));
    query.enable('mean', !needsPatch(wanted));
    follow.checked = hover === 'ask';
    /** @type {HTMLElement} */ (follow.parentElement).hidden = !asksAtOnce(wanted);
  });
}
