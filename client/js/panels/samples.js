import { create } from '../dom.js';

/** @typedef {import('../network/api.js').Sample} Sample */

/** @param {string} file */
export const idOf = (file) => file.replace(/\.\w+$/, '');

/**
 * A row of sample pictures to choose from.
 * @param {HTMLUListElement} list @param {Sample[]} samples @param {string} what a button is for @param {(sample: Sample) => void} choose
 * @returns {(id: string | null) => void} marks the chosen one
 */
export function sampleRow(list, samples, what, choose) {
  list.append(...samples.map((sample) => create('li', {}, button(sample))));
  return (id) => {
    for (const each of list.querySelectorAll('button')) each.setAttribute('aria-pressed', String(each.dataset.sample === id));
  };

  /** @param {Sample} sample */
  function button(sample) {
    const { file, labels } = sample;
    const name = labels.join(' and ');
    const image = create('img', { src: `samples/${file}`, alt: '', loading: 'lazy' });
    const attributes = { 'aria-label': `${what}: ${name}`, 'data-sample': idOf(file) };
    return create('button', { type: 'button', title: name, attributes, onclick: () => choose(sample) }, image);
  }
}
