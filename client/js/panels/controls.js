import { create } from '../dom.js';
import { withHelp } from './help.js';

/**
 * @typedef {import('../settings/kinds.js').Control} Control
 * @typedef {import('../settings/kinds.js').Choice} Choice
 */

/**
 * A control that was made: `show` gives it a value, `enable` says which choices are offered.
 * @typedef {object} Made
 * @property {HTMLElement} element
 * @property {(value: any) => void} show
 * @property {(offered: (value: string) => boolean) => void} enable
 */

/** Letters of a title that fit beside a control. */
const roomForTitle = 13;

/**
 * Makes the control of a setting or of a declared parameter.
 * @param {string} id @param {Control} control @param {(value: any) => void} change
 * @returns {Made}
 */
export function makeControl(id, control, change) {
  const made = makers[control.kind](id, control, change);
  if (control.title.length > roomForTitle) made.element.classList.add('is-long');
  return { ...made, element: withHelp(id, control, made.element) };
}

/** @type {Record<Control['kind'], (id: string, control: Control, change: (value: any) => void) => Made>} */
const makers = { slider, number, segments, select, flag, text };

/** @param {string} id @param {Control} control @param {(value: number) => void} change */
function slider(id, { title, minimum = 0, maximum = 1, step = 0.01, inWords = String }, change) {
  const input = create('input', { type: 'range', id, min: String(minimum), max: String(maximum), step: String(step) });
  const output = create('output', { attributes: { for: id } });
  input.addEventListener('input', () => change(input.valueAsNumber));
  return {
    element: create('label', { class: 'slider' }, create('span', {}, title), input, output),
    show(/** @type {number} */ value) {
      input.value = String(value);
      input.style.setProperty('--fill', `${(100 * (input.valueAsNumber - minimum)) / (maximum - minimum)}%`);
      input.setAttribute('aria-valuetext', inWords(value));
      output.value = inWords(value);
    },
    enable: () => {},
  };
}

/** @param {string} id @param {Control} control @param {(value: number | null) => void} change */
function number(id, { title, minimum, maximum, step, placeholder = '' }, change) {
  const input = create('input', { type: 'number', id, min: String(minimum ?? ''), max: String(maximum ?? ''), step: String(step ?? 'any'), placeholder });
  input.addEventListener('change', () => change(input.value === '' ? null : input.valueAsNumber));
  return { element: row(title, input), show: (/** @type {number | null} */ value) => showText(input, value), enable: () => {} };
}

/** @param {string} id @param {Control} control @param {(value: string) => void} change */
function segments(id, { title, choices = [] }, change) {
  const inputs = choices.map(({ value }) => create('input', { type: 'radio', name: id, value }));
  const element = create('fieldset', { class: 'segments labelled', id }, create('legend', {}, title),
    ...choices.map(({ title: words }, index) => create('label', {}, inputs[index], create('span', {}, words))));
  element.addEventListener('change', ({ target }) => {
    if (target instanceof HTMLInputElement) change(target.value);
  });
  return {
    element,
    show: (/** @type {string | null} */ value) => inputs.forEach((input) => (input.checked = input.value === value)),
    enable: (/** @type {(value: string) => boolean} */ offered) => inputs.forEach((input) => (input.disabled = !offered(input.value))),
  };
}

/** @param {string} id @param {Control} control @param {(value: string) => void} change */
function select(id, { title, choices = [] }, change) {
  const input = create('select', { id }, ...choices.map(({ value, title: words }) => create('option', { value }, words)));
  input.addEventListener('change', () => change(input.value));
  return {
    element: row(title, input),
    show: (/** @type {string | number | null} */ value) => (input.value = String(value ?? '')),
    enable: (/** @type {(value: string) => boolean} */ offered) => [...input.options].forEach((option) => (option.disabled = !offered(option.value))),
  };
}

/** @param {string} id @param {Control} control @param {(value: boolean) => void} change */
function flag(id, { title }, change) {
  const input = create('input', { type: 'checkbox', id });
  input.addEventListener('change', () => change(input.checked));
  const element = row(title, input);
  element.classList.add('is-flag');
  return { element, show: (/** @type {boolean} */ value) => (input.checked = value), enable: () => {} };
}

/** With the choices as proposals. @param {string} id @param {Control} control @param {(value: string | null) => void} change */
function text(id, { title, placeholder = '', choices = [] }, change) {
  const proposals = create('datalist', { id: `${id}-proposals` }, ...choices.map(({ value }) => create('option', { value })));
  const input = create('input', { type: 'text', id, autocomplete: 'off', placeholder, attributes: { list: proposals.id } });
  input.addEventListener('change', () => change(input.value.trim() || null));
  const element = row(title, input);
  element.append(proposals);
  return { element, show: (/** @type {string | null} */ value) => showText(input, value), enable: () => {} };
}

/** What is being typed stays. @param {HTMLInputElement} input @param {string | number | null} value */
function showText(input, value) {
  if (document.activeElement !== input) input.value = String(value ?? '');
}

/** @param {string} title @param {HTMLElement} input */
const row = (title, input) => create('label', { class: 'row' }, create('span', {}, title), input);
