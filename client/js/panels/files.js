import { create } from '../dom.js';

/** Hands a file to the browser's downloads. @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  create('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

const longest = 100;

/**
 * A file name that says what is in it; files that differ have names that differ.
 * @param {import('../compute/answer.js').Answer} answer about the picture @param {string} words
 * @param {string} query that the file answers @param {string} extension
 */
export function fileName({ question: { picture }, image }, words, query, extension) {
  const all = `${picture.name.replace(/\.\w+$/, '')} ${words}`;
  const readable = all.toLowerCase().replaceAll('–', ' to ').replace(/[^\p{L}\p{N}.]+/gu, '-').replace(/^-|-$/g, '');
  return `${[...readable].slice(0, longest).join('')}-${hashOf(`${image.sha256} ${query}`)}.${extension}`;
}

/** Eight digits that tell texts apart (FNV-1a, 32 bits). @param {string} text */
function hashOf(text) {
  let hash = 0x811c9dc5;
  for (const letter of new TextEncoder().encode(text)) hash = Math.imul(hash ^ letter, 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, '0');
}
