import { create } from '../dom.js';

/**
 * Puts a text on the clipboard. Browsers refuse that to pages without https, and some refuse it always; then the text stands selected in a window.
 * @param {string} text @param {string} what it is, as the beginning of a sentence @returns {Promise<string>} what to say of it
 */
export async function copyText(text, what) {
  if (await written(text) || copiedAsSelection(text)) return `${what} is on the clipboard.`;
  await showSelected(text, what);
  return '';
}

/** @param {string} text */
async function written(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** The old way, which needs no https. @param {string} text */
function copiedAsSelection(text) {
  const before = document.activeElement;
  const area = create('textarea', { class: 'visually-hidden', value: text, readOnly: true });
  document.body.append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  return copied;
}

/** Resolves once the window is closed. @param {string} text @param {string} what */
function showSelected(text, what) {
  const area = create('textarea', { value: text, readOnly: true, rows: 4, attributes: { 'aria-label': what } });
  const dialog = create('dialog', { attributes: { 'aria-labelledby': 'copy-title' } },
    create('h2', { id: 'copy-title' }, 'Copy it from here'),
    create('p', {}, 'This browser does not let the page copy. The text is selected: copy it with Ctrl+C, ⌘C on a Mac, or a long press.'),
    area, create('form', { method: 'dialog' }, create('button', { class: 'primary' }, 'Close')));
  document.body.append(dialog);
  dialog.showModal();
  area.focus();
  area.select();
  return new Promise((resolve) => dialog.addEventListener('close', () => resolve(dialog.remove()), { once: true }));
}

/**
 * Puts a picture on the clipboard, else saves it.
 * @param {Promise<Blob>} picture @param {() => Promise<void>} save @returns {Promise<string>} what to say of it
 */
export async function copyPicture(picture, save) {
  try {
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': picture })]);
    return 'The picture is on the clipboard.';
  } catch {
    await save();
    return `${isSecureContext ? 'This browser copies no pictures' : 'Browsers copy pictures only from https pages'}; it was saved as a file.`;
  }
}
