import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { methods, probe } from '../testing/methods.js';

const root = fileURLToPath(new URL('../js', import.meta.url));
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'))
  .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));

/** What each folder may load, beside itself and the files at the top. @type {Record<string, string[]>} */
const below = {
  settings: [],
  compute: ['settings'],
  canvas: ['settings', 'compute'],
  network: ['settings', 'compute'],
  panels: ['settings', 'compute', 'canvas', 'network'],
};

test('Folders load only the floors below them', () => {
  const wrong = files.flatMap(({ file, text }) => loadedBy(file, text)
    .filter((loaded) => !mayLoad(dirname(file), dirname(loaded))).map((loaded) => `${file} loads ${loaded}`));
  assert.deepEqual(wrong, []);
});

/** @param {string} file @param {string} text */
const loadedBy = (file, text) => [...text.matchAll(/^import .* from '(\.[^']+)';$/gm)].map(([, path]) => relative(root, join(root, dirname(file), path)));

/** @param {string} from @param {string} to */
const mayLoad = (from, to) => from === '.' || to === '.' || from === to || below[from].includes(to);

test('Only one file knows which methods the page computes itself', () => {
  const names = new RegExp(`['"\`](${methods.filter((method) => method !== probe).map(({ name }) => name).join('|')})['"\`]`);
  // The answer holds a tensor of the same name.
  assert.deepEqual(files.filter(({ text }) => names.test(text)).map(({ file }) => file), ['compute/answer.js', 'compute/localMethods.js']);
});

test('One file talks to the network', () => {
  const talking = files.filter(({ text }) => /\bfetch\(|XMLHttpRequest\(/.test(text)).map(({ file }) => file);
  assert.deepEqual(talking.filter((file) => file !== 'swaggerPrefill.js'), ['network/exchange.js']);
});
