import { create } from '../dom.js';

/**
 * A control with what it does, one press away: what stands in a tooltip alone is out of reach for fingers, keys and screen readers.
 * @param {string} id @param {{ title: string, hint?: string }} what @param {HTMLElement} control
 */
export function withHelp(id, { title, hint }, control) {
  if (!hint) return create('div', { class: 'control' }, control);
  const { button, note } = helpFor(id, title, hint);
  return create('div', { class: 'control' }, control, button, note);
}

/** @param {string} id @param {string} title @param {string} hint */
export function helpFor(id, title, hint) {
  const note = create('p', { class: 'note help-text', id: `${id}-help`, hidden: true }, hint);
  const attributes = { 'aria-label': `What “${title}” means`, 'aria-expanded': 'false', 'aria-controls': note.id };
  const button = create('button', { type: 'button', class: 'help', attributes }, '?');
  button.addEventListener('click', () => {
    note.hidden = !note.hidden;
    button.setAttribute('aria-expanded', String(!note.hidden));
  });
  return { button, note };
}
