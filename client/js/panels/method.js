import { whyNot } from '../compute/effective.js';
import { choices, create, find } from '../dom.js';

/** @type {{ title: string, holds: (method: import('../network/api.js').Method) => boolean }[]} */
const kinds = [
  { title: 'Where it finds a label', holds: ({ labels }) => labels !== 'unused' },
  { title: 'Where it looks, whatever the label', holds: ({ labels }) => labels === 'unused' },
];

/** The methods that the server declares, and what the chosen one shows; one that cannot be shown now says why. @param {import('../store.js').Store} store */
export function methodPanel(store) {
  const { group, show } = choices('#methods', (method) => store.set({ method }));
  const legend = find('legend', HTMLLegendElement, group);
  const meaning = find('#method-meaning', HTMLParagraphElement);
  /** @type {Map<string, { row: HTMLElement, input: HTMLInputElement }>} */
  let rows = new Map();
  /** Why methods of a kind cannot be shown, each reason once. @type {HTMLElement[]} */
  let notes = [];

  store.on(['methods'], ({ methods }) => {
    rows = new Map(methods.map((method) => [method.name, choice(method)]));
    notes = kinds.map(() => create('p', { class: 'note reasons' }));
    group.replaceChildren(legend, ...kinds.flatMap(({ title, holds }, kind) => {
      const own = methods.filter(holds).flatMap(({ name }) => rows.get(name)?.row ?? []);
      return own.length ? [create('p', { class: 'note' }, title), create('div', { class: 'pills' }, ...own), notes[kind]] : [];
    }));
  });

  /** @param {import('../network/api.js').Method} method */
  function choice({ name, title, meaning: words, paper }) {
    const input = create('input', { type: 'radio', name: 'method', value: name });
    const hint = [words, paper].filter(Boolean).join('\n');
    return { input, row: create('label', { class: 'choice', title: hint }, input, create('span', { class: 'title' }, title)) };
  }

  store.on(['wanted', 'methods', 'models'], (state) => {
    const { wanted, answer, methods } = state;
    if (!wanted || !answer) return;
    show(wanted.method.name);
    meaning.textContent = [wanted.method.meaning, wanted.method.limits].join(' ').trim();
    /** @type {Map<string, string[]>[]} */
    const reasons = kinds.map(() => new Map());
    for (const method of methods) {
      const row = rows.get(method.name);
      const why = whyNot(method, state, answer);
      if (row) row.input.disabled = why !== null;
      const of = reasons[kinds.findIndex(({ holds }) => holds(method))];
      if (why !== null) of.set(why, [...(of.get(why) ?? []), method.title]);
    }
    for (const [kind, of] of reasons.entries()) {
      const all = methods.filter(kinds[kind].holds).length;
      const lines = [...of].map(([why, titles]) => (titles.length === all ? sentence(why) : `${titles.join(', ')}: ${sentence(why)}`));
      notes[kind].replaceChildren(...lines.map((line) => create('span', {}, line)));
      notes[kind].hidden = of.size === 0;
    }
  });
}

/** @param {string} words */
const sentence = (words) => (words.endsWith('.') ? words : `${words}.`);
