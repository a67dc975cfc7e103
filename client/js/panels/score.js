import { create, find, short } from '../dom.js';
import { Kept } from '../kept.js';
import { postAndCount } from '../network/api.js';
import { queryFor } from '../network/query.js';
import { linePlot } from './plot.js';
import { problemWords } from './problem.js';
import { runBar } from './runBar.js';

/**
 * @typedef {import('../compute/screen.js').Screen} Screen
 * @typedef {{ area: number, curve: number[] }} Curve
 */

/**
 * As the API gives it.
 * @typedef {object} Evidence
 * @property {string} target
 * @property {'score' | 'cosine'} quantity
 * @property {number[]} shares
 * @property {Curve} deletion
 * @property {Curve} insertion
 * @property {{ orders: number, deletion: Curve, insertion: Curve, score: number }} random
 * @property {number} score
 * @property {string} verdict
 */

/** A slider that moves asks once it rests. */
const rest = 400;
const most = 64;

/** How well the map on screen explains its label: a switch, and the curves beside the map. @param {import('../store.js').Store} store */
export function scorePanel(store) {
  const panel = find('#score-panel', HTMLElement);
  const input = find('#score', HTMLInputElement);
  const body = find('#score-body', HTMLDivElement);
  /** @type {Kept<Evidence>} */
  const known = new Kept(most);
  let running = new AbortController();
  let asked = '';

  input.addEventListener('change', () => store.set({ score: input.checked }));
  store.on(['screen', 'score'], ({ screen, score }) => {
    input.checked = score;
    panel.hidden = !screen?.map;
    if (!screen?.map || !score) return leave();
    const why = whyNoScore(screen);
    if (why) {
      leave();
      return say(why);
    }
    const question = `${screen.answer.image.sha256} ${queryOf(screen)}`;
    if (question === asked) return;
    running.abort();
    asked = question;
    const evidence = known.get(question);
    if (evidence) show(evidence);
    else ask(screen, question, (running = new AbortController()).signal);
  });

  /** @param {Screen} screen @param {string} question @param {AbortSignal} signal */
  async function ask(screen, question, signal) {
    const cancel = create('button', { type: 'button' }, 'Cancel');
    cancel.addEventListener('click', () => store.set({ score: false }));
    const note = create('p', { class: 'note', attributes: { role: 'status' } }, 'The model answers to pictures with hidden patches…');
    const bar = runBar('Scoring the map');
    body.replaceChildren(note, bar.element, cancel);
    try {
      await new Promise((resolve) => setTimeout(resolve, rest));
      const { evidence } = await postAndCount(`explain?${queryOf(screen)}`, screen.answer.question.picture.blob, { signal, onProgress: bar.onProgress });
      known.set(question, evidence);
      if (!signal.aborted) show(evidence);
    } catch (error) {
      if (signal.aborted) return;
      const again = create('button', { type: 'button' }, 'Try again');
      again.addEventListener('click', () => ask(screen, question, (running = new AbortController()).signal));
      body.replaceChildren(create('p', { class: 'note' }, ...problemWords(error)), again);
    }
  }

  function leave() {
    running.abort();
    asked = '';
    body.replaceChildren();
  }

  /** @param {string} words */
  const say = (words) => body.replaceChildren(create('p', { class: 'note' }, words));

  /** @param {Evidence} evidence */
  function show(evidence) {
    const { target, quantity, shares, deletion, insertion, random, score, verdict } = evidence;
    const up = quantity === 'cosine' ? `similarity to “${target}”` : `score of “${target}”`;
    // Two plots stand side by side where there is room.
    const whole = body.clientWidth || 300;
    const room = whole > 600 ? whole / 2 : whole;
    const plot = (/** @type {string} */ title, /** @type {Curve} */ own, /** @type {Curve} */ chance) => linePlot({
      title, up, across: 'share of the patches', at: shares, room,
      lines: [{ name: 'this map', values: own.curve }, { name: 'at random', values: chance.curve }],
    });
    body.replaceChildren(
      create('p', { class: 'verdict' }, create('b', {}, sentence(verdict)), ` Score ${short(score)}; at random ${short(random.score)}.`),
      plot('Hiding the strongest patches first should make it fall fast', deletion, random.deletion),
      plot('Showing the strongest patches first should make it rise fast', insertion, random.insertion),
      create('p', { class: 'note' }, 'Score: area under the second curve minus area under the first.'));
  }
}

/** A score is about a label, of methods that know none, too. @param {Screen} screen */
function queryOf({ shown, answer }) {
  const query = queryFor('explain', { ...shown, score: true }, answer);
  return shown.method.labels === 'unused' ? `${query}&target=${encodeURIComponent(String(shown.target))}` : query;
}

/** Why what is on screen has no score; null where it has one. @param {Screen} screen */
function whyNoScore({ answer, shown }) {
  if (shown.target === null) return answer.labels.length ? 'Choose a label first.' : 'Add a label: a score tells how well the map explains one.';
  return null;
}

/** @param {string} words */
const sentence = (words) => `${words[0].toUpperCase()}${words.slice(1)}.`;
