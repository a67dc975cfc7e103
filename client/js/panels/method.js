import { whyNot } from '../compute/effective.js';
import { choices, create, find } from '../dom.js';

/** @type {{ title: string, holds: (method: import('../network/api.js').Method) => boolean }[]} */
const kinds = [
  { title: 'Where it finds a label', holds: ({ labels }) => labels !== 'unused' },
  { title: 'Where it looks, whatever the label', holds: ({ labels }) => labels === 'unused' },
];

/** The methods that the server declares; one that cannot be shown now says why. @param {import('../store.js').Store} store */
export function methodPanel(store) {
  const { group, show } = choices('#methods', (method) => store.set({ method }));
  const legend = find('legend', HTMLLegendElement, group);
  /** @type {Map<string, { input: HTMLInputElement, reason: HTMLSpanElement }>} */
  let rows = new Map();

  store.on(['methods'], ({ methods }) => {
    const input = (/** @type {string} */ value) => create('input', { type: 'radio', name: 'method', value });
    rows = new Map(methods.map(({ name }) => [name, { input: input(name), reason: create('span', { class: 'reason' }) }]));
    group.replaceChildren(legend, ...kinds.flatMap(({ title, holds }) => {
      const own = methods.filter(holds);
      return own.length ? [create('p', { class: 'note' }, title), ...own.map(choice)] : [];
    }));
  });

  /** @param {import('../network/api.js').Method} method */
  function choice({ name, title, meaning, limits, paper }) {
    const { input, reason } = /** @type {NonNullable<ReturnType<typeof rows.get>>} */ (rows.get(name));
    return create('label', { class: 'choice', title: paper }, input, create('span', { class: 'title' }, title), ' ', reason,
      create('span', { class: 'meaning' }, `${meaning} ${limits}`.trim()));
  }

  store.on(['wanted', 'methods', 'models'], (state) => {
    const { wanted, answer, methods } = state;
    if (!wanted || !answer) return;
    show(wanted.method.name);
    for (const method of methods) {
      const row = rows.get(method.name);
      const why = whyNot(method, state, answer);
      if (!row) continue;
      row.input.disabled = why !== null;
      row.reason.textContent = why ?? '';
    }
  });
}
