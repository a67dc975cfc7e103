import { own } from '../canvas/picture.js';
import { create, icon } from '../dom.js';
import { addressOf, post } from '../network/api.js';
import { copyPicture, copyText } from './clipboard.js';
import { fileName, save } from './files.js';
import { sayProblem } from './problem.js';

/**
 * One of the API's answers.
 * @typedef {{ endpoint: import('../network/query.js').Endpoint, what: string, kind: string, extension: string }} Row
 * @typedef {{ answer: import('../compute/answer.js').Answer, query: string, words: string }} Asked about which picture, by which query, and what the file shows
 */

const patience = 120_000;

/**
 * A row that gives one answer away: as a file, as a command, in Swagger, and on request on the clipboard.
 * @param {Row} row @param {() => Asked | null} now what is on screen
 * @param {HTMLElement} note where it says what came of it @param {{ copies?: boolean }} [more]
 */
export function exportRow({ endpoint, what, kind, extension }, now, note, { copies = false } = {}) {
  const link = create('a', {
    class: 'quiet', target: '_blank', title: 'Open in Swagger', attributes: { 'aria-label': `Open ${endpoint} in Swagger`, rel: 'noopener' },
  }, icon('open'));
  const saves = button('Download', `Download ${what} as ${kind}`, icon('download'), download);
  const command = button('Copy as curl', `Copy curl for ${what}`, 'curl', copyCommand);
  const copy = copies ? [button('Copy the picture', `Copy ${what} as a picture`, 'copy', copyAnswer)] : [];
  const element = create('li', {}, create('span', { class: 'what' }, what, create('small', {}, kind)), saves, ...copy, command, link);

  /** @param {Asked} asked */
  const ask = ({ answer, query }) => post(`${endpoint}?${query}`, answer.question.picture.blob, { signal: AbortSignal.timeout(patience) });

  /** @param {Asked} asked */
  const nameFor = ({ answer, query, words }) => fileName(answer, `${words} ${what}`, query, extension);

  /** @param {Asked} asked */
  async function download(asked) {
    note.textContent = `Asking for the ${kind}…`;
    const bytes = await ask(asked);
    save(new Blob([bytes]), nameFor(asked));
    note.textContent = '';
  }

  /** @param {Asked} asked */
  async function copyAnswer(asked) {
    const picture = ask(asked).then((bytes) => new Blob([bytes], { type: 'image/png' }));
    note.textContent = await copyPicture(picture, async () => save(await picture, nameFor(asked)));
  }

  /** @param {Asked} asked */
  async function copyCommand({ answer, query }) {
    const { name, sample, blob } = answer.question.picture;
    // A sample lies on the server: the command fetches it first, and works as it stands.
    const [before, body] = sample !== own ? [`curl -s ${quote(new URL(`samples/${name}`, document.baseURI).href)} | `, '@-'] : ['', quote(`@${name}`)];
    const out = extension === 'json' ? '' : ` -o explanation.${extension}`;
    const type = quote(`Content-Type: ${blob.type || 'image/png'}`);
    note.textContent = await copyText(`${before}curl --data-binary ${body} -H ${type} ${quote(`${addressOf(endpoint)}?${query}`)}${out}`, 'The command');
  }

  /** @param {string} title @param {string} label @param {Node | string} face @param {(asked: Asked) => Promise<void>} act */
  function button(title, label, face, act) {
    const made = create('button', { type: 'button', class: 'quiet', title, attributes: { 'aria-label': label } }, face);
    made.addEventListener('click', async () => {
      const asked = now();
      if (!asked) return;
      made.disabled = true;
      try {
        await act(asked);
      } catch (error) {
        sayProblem(note, error);
      }
      made.disabled = false;
    });
    return made;
  }

  return {
    element,
    /** Keeps the link at what is on screen. */
    follow() {
      const asked = now();
      if (asked) link.href = `swagger/index.html?${asked.query}#/${operationOf(endpoint)}`;
    },
  };
}

/** For a POSIX shell. @param {string} text */
const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** Where Swagger UI shows an endpoint: tag and operation. @param {string} endpoint */
const operationOf = (endpoint) => `Explain/${endpoint.split('/').at(-1)}`;
