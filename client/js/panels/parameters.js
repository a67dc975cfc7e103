import { localMethods } from '../compute/localMethods.js';
import { create, find } from '../dom.js';
import { ownParameters } from '../settings/declared.js';
import { modelOf } from '../store.js';
import { makeControl } from './controls.js';
import { hasRival } from './rival.js';
import { controlOf, wordingOf } from './wording.js';

/** A control for each parameter that the method declares and that has no place of its own on the page. @param {import('../store.js').Store} store */
export function parametersPanel(store) {
  const container = find('#parameters', HTMLDivElement);
  const note = create('p', { class: 'note' });
  /** @type {(import('./controls.js').Made & { name: string })[]} */
  let made = [];
  let built = '';

  store.on(['wanted', 'models'], ({ wanted, answer, models }) => {
    if (!wanted || !answer) return;
    const { method, chosen, labels, target } = wanted;
    const text = modelOf({ models, model: answer.model.id })?.text === true;
    const context = { method, heads: answer.heads, rivals: labels.filter((label) => label !== target), text };
    const key = JSON.stringify([method.name, context.heads, context.rivals, text]);
    if (built !== key) build(context);
    built = key;

    for (const { name, element, show, enable } of made) {
      element.hidden = wordingOf(name).matters?.(chosen) === false;
      show(chosen[name]);
      enable((value) => localMethods[method.name]?.offers?.(name, value, labels) ?? true);
    }
    note.textContent = made.map(({ name }) => wordingOf(name).notes?.[String(chosen[name])] ?? '').join(' ').trim();
    note.hidden = note.textContent === '';
  });

  /** @param {import('./wording.js').Context} context */
  function build(context) {
    const focused = document.activeElement?.id;
    made = ownParameters(context.method).filter(({ name }) => name !== 'versus' || !hasRival(context.method)).map((parameter) => ({
      name: parameter.name,
      ...makeControl(`parameter-${parameter.name}`, controlOf(parameter, context), (value) => choose(parameter.name, value)),
    }));
    container.replaceChildren(...made.map(({ element }) => element), note);
    if (focused) document.getElementById(focused)?.focus();
  }

  /** @param {string} name @param {string | number | boolean | null} value */
  function choose(name, value) {
    const { [name]: _, ...others } = store.state.parameters;
    store.set({ parameters: value === null || value === '' ? others : { ...others, [name]: String(value) } });
  }
}
