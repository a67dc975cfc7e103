import { own } from '../canvas/picture.js';
import { create, find, icon } from '../dom.js';
import { addressOf, post } from '../network/api.js';
import { queryFor } from '../network/query.js';
import { copyText } from './clipboard.js';
import { sayProblem } from './problem.js';
import { nameOf, save } from './share.js';

/** @typedef {import('../network/query.js').Endpoint} Endpoint */

/** @type {{ endpoint: Endpoint, what: string, kind: string, extension: string }[]} */
const rows = [
  { endpoint: 'explain/overlay', what: 'Overlay', kind: 'PNG', extension: 'png' },
  { endpoint: 'explain/animation', what: 'Animation', kind: 'GIF', extension: 'gif' },
  { endpoint: 'explain/grid', what: 'Grid of layers', kind: 'PNG', extension: 'png' },
  { endpoint: 'explain', what: 'Numbers', kind: 'JSON', extension: 'json' },
  { endpoint: 'explain/evidence', what: 'Evidence', kind: 'ZIP with report', extension: 'zip' },
  { endpoint: 'explain/tensors', what: 'Tensors', kind: 'safetensors', extension: 'safetensors' },
];

/** Out: each of the API's answers for exactly what is on screen, as a file, as a command, and in Swagger. @param {import('../store.js').Store} store */
export function exportPanel(store) {
  const note = find('#export-note', HTMLParagraphElement);
  const links = rows.map(({ endpoint }) => create('a', {
    class: 'quiet', target: '_blank', title: 'Open in Swagger', attributes: { 'aria-label': `Open ${endpoint} in Swagger`, rel: 'noopener' },
  }, icon('open')));

  find('#exports', HTMLUListElement).append(...rows.map((row, index) => {
    const button = (/** @type {string} */ title, /** @type {string} */ label, /** @type {Node | string} */ face) =>
      create('button', { type: 'button', class: 'quiet', title, attributes: { 'aria-label': label } }, face);
    const save = button('Download', `Download ${row.what} as ${row.kind}`, icon('download'));
    const copy = button('Copy as curl', `Copy curl for ${row.what}`, 'curl');
    save.addEventListener('click', () => download(row, save));
    copy.addEventListener('click', () => copyCommand(row));
    return create('li', {}, create('span', { class: 'what' }, row.what, create('small', {}, row.kind)), save, copy, links[index]);
  }));

  store.on(['screen'], ({ screen }) => {
    if (!screen) return;
    for (const [index, { endpoint }] of rows.entries()) {
      links[index].href = `swagger/index.html?${queryFor(endpoint, screen.shown, screen.answer)}#/${operationOf(endpoint)}`;
    }
  });

  /** @param {typeof rows[number]} row @param {HTMLButtonElement} button */
  async function download({ endpoint, what, kind, extension }, button) {
    const { screen } = store.state;
    if (!screen) return;
    const { picture } = screen.answer.question;
    button.disabled = true;
    note.textContent = `Asking for the ${kind}…`;
    try {
      const bytes = await post(`${endpoint}?${queryFor(endpoint, screen.shown, screen.answer)}`, picture.blob, { signal: AbortSignal.timeout(120_000) });
      save(new Blob([bytes]), `${nameOf(screen)}-${what}.${extension}`.toLowerCase().replaceAll(' ', '-'));
      note.textContent = '';
    } catch (error) {
      sayProblem(note, error);
    }
    button.disabled = false;
  }

  /** @param {typeof rows[number]} row */
  async function copyCommand({ endpoint, extension }) {
    const { screen } = store.state;
    if (!screen) return;
    const { name, sample, blob } = screen.answer.question.picture;
    const address = `${addressOf(endpoint)}?${queryFor(endpoint, screen.shown, screen.answer)}`;
    // A sample lies on the server: the command fetches it first, and works as it stands.
    const [before, body] = sample !== own ? [`curl -s ${quote(new URL(`samples/${name}`, document.baseURI).href)} | `, '@-'] : ['', quote(`@${name}`)];
    const out = extension === 'json' ? '' : ` -o explanation.${extension}`;
    const command = `${before}curl --data-binary ${body} -H ${quote(`Content-Type: ${blob.type || 'image/png'}`)} ${quote(address)}${out}`;
    note.textContent = await copyText(command, 'The command');
  }
}

/** For a POSIX shell. @param {string} text */
const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** Where Swagger UI shows an endpoint: tag and operation. @param {Endpoint} endpoint */
const operationOf = (endpoint) => `Explain/${endpoint.split('/').at(-1)}`;
