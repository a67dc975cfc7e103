import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem, problemOf } from '../js/network/problems.js';

/** @param {number} status @param {string} body @param {Record<string, string>} [headers] @returns {any} */
const answer = (status, body, headers = {}) => ({
  status, responseType: 'text', responseText: body, getResponseHeader: (/** @type {string} */ name) => headers[name] ?? null,
});

test('An answer without words is told without the names of HTTP, under the id that the log has', () => {
  const problem = problemOf(answer(502, '<html>Bad Gateway</html>', { 'X-Request-Id': 'a1' }), null);
  assert.deepEqual([problem.title, problem.traced], ['The server cannot be reached', 'a1']);
  assert.doesNotMatch(`${problem.title} ${problem.message}`, /status|\d{3}|Gateway/);
});

test('The id is shown where whoever runs the server must look, and not where the user can help himself', () => {
  const of = (/** @type {number} */ status) => problemOf(answer(status, '{"detail":"Words."}', { 'X-Request-Id': 'a1' }), null).traced;
  assert.deepEqual([503, 500, 418, 400, 413, 429].map(of), ['a1', 'a1', 'a1', undefined, undefined, undefined]);
});

test("Names of the API and of the server's settings become the page's own", () => {
  const words = (/** @type {string} */ detail, /** @type {string} */ parameter) => new Problem(400, detail, { parameter }).message;
  assert.equal(words('This needs 4096 runs of the model; a call may cause 2000. Lower \'masks\'. Limits:RunsPerRequest allows more.', 'masks'),
    'This needs 4096 runs of the model; the server allows 2000 at once. Change “Number of random tries”.');
  assert.equal(words('This needs 4096 runs of the model; a call may cause 2000 (Limits:RunsPerRequest). Ask for less at once.', 'methods'),
    'This needs 4096 runs of the model; the server allows 2000 at once. Choose fewer methods.');
  assert.equal(words("The model takes pictures of 224 x 224 only; leave 'resolution' out.", 'resolution'),
    'The model takes pictures of 224 x 224 only; leave “Size at which the model sees the picture” out.');
  assert.equal(words("'models' names 9; at most 4 may be loaded at once. Models:MaxLoaded allows more.", 'models'),
    '“Models” names 9; at most 4 may be loaded at once.');
  assert.equal(words("The cause is in its log under this answer's X-Request-Id. Try again.", ''), 'The cause is in its log under the number below. Try again.');
  assert.equal(words("'unicorn' is none of the classes.", 'labels'), "'unicorn' is none of the classes.");
});

test('A file that is too large is told with its size and the limit', () => {
  const detail = 'The body is larger than 20 MiB (Limits:MaxBodyBytes); send a smaller picture, the model sees a few hundred pixels only.';
  const told = (/** @type {any} */ body) => problemOf(answer(413, JSON.stringify({ detail })), body).message;
  assert.equal(told(new Blob([new Uint8Array(25 * 2 ** 20)])),
    'This file has 25.0 MB; the limit is 20 MB. A smaller file is enough: the model sees a few hundred pixels only.');
  assert.match(told(null), /^The body is larger than 20 MiB; /);
});

test('A time-out says what to do', () => {
  assert.match(Problem.of(new DOMException('signal timed out', 'TimeoutError')).message, /Try again/);
});
