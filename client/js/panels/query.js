import { asksAtOnce, asksFromTokens, needsPatch } from '../compute/effective.js';
import { choices, find } from '../dom.js';
import { helpFor } from './help.js';

const meaning = 'Whole picture: the summary token (CLS), which the model reads its answer from. Average: over all patches and the summary token. '
  + 'One patch: the one that you choose; rows and columns count from 1 at the top left (the address of this page counts them from 0).';

/** The token that is asked: the whole picture's, all, or a patch's; and whether the pointer asks by itself. @param {import('../store.js').Store} store */
export function queryPanel(store) {
  const { button, note } = helpFor('query', 'Attention from', meaning);
  find('#query', HTMLFieldSetElement).after(button);
  find('.toolbar', HTMLDivElement).append(note);
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
    query.group.hidden = button.hidden = !asksFromTokens(wanted);
    if (button.hidden && !note.hidden) button.click();
    query.enable('cls', answer.hasCls && !needsPatch(wanted));
    query.enable('mean', !needsPatch(wanted));
    follow.checked = hover === 'ask';
    /** @type {HTMLElement} */ (follow.parentElement).hidden = !asksAtOnce(wanted);
  });
}
