import { whyNot } from '../compute/effective.js';
import { choices, create, find } from '../dom.js';

/** The methods that the server declares; one that cannot be shown now says why. @param {import('../store.js').Store} store */
export function methodPanel(store) {
  const { group, show } = choices('#methods', (method) => store.set({ method }));
  const legend = find('legend', HTMLLegendElement, group);
  /** @type {{ input: HTMLInputElement, reason: HTMLSpanElement }[]} */
  let rows = [];

  store.on(['methods'], ({ methods }) => {
    rows = methods.map(({ name }) => ({ input: create('input', { type: 'radio', name: 'method', value: name }), reason: create('span', { class: 'reason' }) }));
    group.replaceChildren(legend, ...methods.map(({ title, meaning, limits, paper }, index) =>
      create('label', { class: 'choice', title: paper }, rows[index].input, create('span', { class: 'title' }, title), ' ', rows[index].reason,
        create('span', { class: 'meaning' }, `${meaning} ${limits}`.trim()))));
  });

  store.on(['wanted', 'methods', 'models'], (state) => {
    const { wanted, answer, methods } = state;
    if (!wanted || !answer) return;
    show(wanted.method.name);
    for (const [index, method] of methods.entries()) {
      const why = whyNot(method, state, answer);
      rows[index].input.disabled = why !== null;
      rows[index].reason.textContent = why ?? '';
    }
  });
}
