import { create, find } from '../dom.js';
import { takes } from '../settings/declared.js';

/**
 * A label to set the one on the picture against, beside the picture: maps of two labels are often alike, and what sets them apart is the question.
 * @param {import('../store.js').Store} store
 */
export function rivalPanel(store) {
  const row = find('#rival-row', HTMLLabelElement);
  const select = find('#rival', HTMLSelectElement);
  let built = '';
  select.addEventListener('change', () => {
    const { versus: _, ...others } = store.state.parameters;
    store.set({ parameters: select.value ? { ...others, versus: select.value } : others });
  });

  store.on(['wanted'], ({ wanted }) => {
    if (!wanted) return;
    const { method, chosen, labels, target } = wanted;
    const versus = typeof chosen.versus === 'string' ? chosen.versus : '';
    const rivals = labels.filter((label) => label !== target);
    if (versus && !rivals.includes(versus)) rivals.push(versus);
    row.hidden = !hasRival(method) || rivals.length === 0;
    const key = JSON.stringify(rivals);
    if (key !== built) {
      select.replaceChildren(create('option', { value: '' }, 'no other label'), ...rivals.map((label) => create('option', { value: label }, label)));
    }
    built = key;
    select.value = versus;
  });
}

/** A difference is all that `versus` means to the method: with views it is one of them. @param {import('../network/api.js').Method} method */
export const hasRival = (method) => takes(method, 'versus') && !takes(method, 'view');
