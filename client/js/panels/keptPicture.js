import { openPicture, own } from '../canvas/picture.js';

const key = 'attention-api.picture';
/** What browsers grant a tab is counted in characters; one character holds one byte. */
const chunk = 0x8000;

/**
 * Keeps the user's own picture for a reload of this tab, and no longer; a picture over the browser's quota is not kept.
 * @param {Blob} blob @param {string} name
 */
export async function keepPicture(blob, name) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = '';
  for (let at = 0; at < bytes.length; at += chunk) text += String.fromCharCode(...bytes.subarray(at, at + chunk));
  try {
    sessionStorage.setItem(key, JSON.stringify({ name, type: blob.type }) + '\n' + text);
  } catch {
    sessionStorage.removeItem(key);
  }
}

/** The kept picture, if there is one. */
export async function keptPicture() {
  const kept = sessionStorage.getItem(key);
  if (kept === null) return null;
  const end = kept.indexOf('\n');
  const { name, type } = JSON.parse(kept.slice(0, end));
  return openPicture(new Blob([Uint8Array.from(kept.slice(end + 1), (letter) => letter.charCodeAt(0))], { type }), name, own);
}
