import { Answer } from '../compute/answer.js';
import { localMethods } from '../compute/localMethods.js';
import { valuesOf } from '../settings/declared.js';
import { resolutionOf } from '../settings/resolution.js';
import { atRest, modelOf } from '../store.js';
import * as api from './api.js';
import { Problem } from './problems.js';
import { tensorsQuery } from './query.js';
import { inWords } from './progress.js';

/**
 * What an answer depends on. Nothing else that the page can change sends a request.
 * @typedef {object} Question
 * @property {import('../canvas/picture.js').Picture} picture
 * @property {string} model
 * @property {number | null} resolution pixels a side; null: the model's own
 * @property {string[]} labels
 * @property {boolean} classes the model names its best classes; the labels are asked for besides
 * @property {string[]} prompt
 * @property {string | null} versus a rival that is not one of the labels
 * @property {boolean} heads attention of each head is wanted
 */

/** Answers kept so that going back asks nothing. */
const keptBytes = 256 * 2 ** 20;

/**
 * Keeps `answer` in step with what is asked: one request for each new question, none for one that was answered before.
 * @param {import('../store.js').Store} store
 */
export function startLoader(store) {
  /** @type {Answer[]} the latest first */
  let answers = [];
  let running = new AbortController();
  /** @type {Question | null} what the settings asked last, whatever came of it */
  let asked = null;
  /** @type {Question | null} what could not be answered */
  let failed = null;

  store.on(['picture', 'models', 'methods', 'model', 'resolution', 'labels', 'refused', 'prompt', 'method', 'parameters', 'compare'], follow);

  /** @param {import('../store.js').State} state */
  function follow(state) {
    const question = questionOf(state);
    if (!question || (asked && same(asked, question))) return;
    asked = question;
    running.abort();
    running = new AbortController();
    const known = answers.find((answer) => covers(answer.question, question));
    if (known) show(known);
    else ask(question, running.signal);
  }

  /** @param {Answer} answer */
  function show(answer) {
    let bytes = 0;
    answers = [answer, ...answers.filter((other) => other !== answer)].filter((each, index) => (bytes += each.bytes) <= keptBytes || index === 0);
    failed = null;
    store.set({ answer, status: { phase: 'ready' } });
    if (modelOf(store.state)?.text === null) learnModels();
  }

  /** The first answer of a model loads it, and tells what labels it takes. */
  async function learnModels() {
    store.set({ models: await api.listModels({ signal: running.signal }) });
  }

  /** @param {Question} question @param {AbortSignal} signal */
  async function ask(question, signal) {
    store.set({ status: { phase: 'loading', message: 'Sending the picture…' } });
    try {
      const onProgress = (/** @type {import('./exchange.js').Progress} */ progress) => {
        if (progress.stage !== 'counting') store.set({ status: { phase: 'loading', ...inWords(progress, question.model) } });
      };
      const answerTo = async (/** @type {string[]} */ labels) =>
        new Answer(await api.post(`explain/tensors?${tensorsQuery({ ...question, labels })}`, question.picture.blob, { signal, onProgress }), question);
      // A classifier names its best classes by itself, but gives their maps only where they are asked for.
      const best = question.classes ? bestKnown(question) ?? [...new Set((await answerTo([])).predictions.map(({ label }) => label))] : [];
      let answer = await answerTo(together(best, question.labels));
      if (!question.classes && answer.labels.length === 0 && answer.predictions.length > 0) {
        // Several classes may have one name.
        answer = await answerTo([...new Set(answer.predictions.map(({ label }) => label))]);
      }
      signal.throwIfAborted();
      show(answer);
    } catch (error) {
      if (signal === running.signal) fallBack(question, signal.aborted ? null : error);
    }
  }

  /** The best classes, from an answer about the same picture. @param {Question} question */
  function bestKnown({ picture, model, resolution }) {
    const answer = answers.find(({ question }) =>
      question.classes && question.picture === picture && question.model === model && question.resolution === resolution);
    return answer?.labels.filter((label) => !answer.question.labels.includes(label));
  }

  /**
   * A refused or cancelled question leaves the last answer and its picture in place.
   * @param {Question} question @param {unknown} error null: cancelled by the user
   */
  function fallBack(question, error) {
    const { answer, picture, labels, refused } = store.state;
    const problem = error === null ? null : Problem.of(error);
    const blamed = problem ? blamedLabels(problem, question, answer) : [];
    // The label is marked where it stands, and everything else is asked again without it.
    if (problem && blamed.length) return store.set({ refused: { ...refused, ...Object.fromEntries(blamed.map((label) => [label, problem.message])) } });
    failed = problem ? question : null;
    const last = answer?.question;
    store.set({
      ...(picture !== last?.picture ? { picture: last?.picture ?? null, sample: last?.picture.sample ?? null, labels: last?.labels ?? labels } : {}),
      status: problem ? { phase: 'error', problem } : atRest(store.state),
    });
    asked = questionOf(store.state);
  }

  return {
    cancel: () => running.abort(),

    /** Asks once more what could not be answered. */
    again() {
      asked = null;
      if (failed) store.set({ picture: failed.picture, sample: failed.picture.sample, labels: failed.labels });
      follow(store.state);
    },
  };
}

/**
 * The labels that a refusal is about: those that it quotes, else those that the last answer did without.
 * @param {Problem} problem @param {Question} question @param {Answer | null} answer
 */
function blamedLabels({ parameter, detail }, { labels, model }, answer) {
  if (parameter !== 'labels' && parameter !== 'label') return [];
  const known = answer?.model.id === model ? answer.question.labels : [];
  const fresh = labels.filter((label) => !known.includes(label));
  const quoted = labels.filter((label) => detail.includes(`'${label}'`) || detail.includes(`'${label.slice(0, 60)}…'`));
  return quoted.length ? quoted : fresh.length ? fresh : labels;
}

/** @param {import('../store.js').State} state @returns {Question | null} */
function questionOf(state) {
  const model = modelOf(state);
  if (!state.picture || !model) return null;
  // Which labels a model takes is known once it is loaded; until then it is asked without.
  const labels = model.text || model.classes ? state.labels.filter((label) => !(label in state.refused)) : [];
  const method = state.methods.find(({ name }) => name === state.method) ?? state.methods[0];
  const { heads, versus } = localMethods[method?.name]?.asks(valuesOf(method, state.parameters)) ?? { heads: false, versus: null };
  return {
    picture: state.picture,
    model: model.id,
    resolution: resolutionOf(model, state.resolution),
    labels,
    classes: model.classes !== null,
    prompt: model.text ? state.prompt : [],
    versus: versus !== null && !labels.includes(versus) ? versus : null,
    heads: heads || state.compare === 'heads',
  };
}

/**
 * Whether the answer to one question answers another too: more may be in it, and the order of labels does not matter.
 * @param {Question} given @param {Question} wanted
 */
function covers(given, wanted) {
  return given.picture === wanted.picture && given.model === wanted.model && given.resolution === wanted.resolution
    && JSON.stringify([...given.labels].sort()) === JSON.stringify([...wanted.labels].sort())
    && JSON.stringify(given.prompt) === JSON.stringify(wanted.prompt)
    && (wanted.versus === null || given.versus === wanted.versus)
    && (given.heads || !wanted.heads);
}

/** @param {Question} one @param {Question} other */
const same = (one, other) => covers(one, other) && covers(other, one);

/** The best classes, and after them those that were asked for besides. @param {string[]} best @param {string[]} labels */
const together = (best, labels) => [...best, ...labels.filter((label) => !best.some((other) => other.toLowerCase() === label.toLowerCase()))];
