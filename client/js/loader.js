import { Answer } from './answer.js';
import * as api from './api.js';
import { tensorsQuery } from './apiQuery.js';
import { modelOf } from './state.js';

/**
 * What an answer depends on. Nothing else that the page can change sends a request.
 * @typedef {object} Question
 * @property {import('./picture.js').Picture} picture
 * @property {string} model
 * @property {string[]} labels
 * @property {string[]} prompt
 * @property {string | null} versus a rival that is not one of the labels
 * @property {boolean} heads attention of each head is wanted
 */

/** Answers kept so that going back asks nothing. */
const keptBytes = 256 * 2 ** 20;

/** Keeps `answer` in step with what is asked: one request for each new question, none for one that was answered before. @param {import('./state.js').Store} store */
export function startLoader(store) {
  /** @type {Answer[]} the latest first */
  let answers = [];
  let running = new AbortController();
  /** @type {Question | null} what the settings asked last, whatever came of it */
  let asked = null;

  store.on(['picture', 'models', 'model', 'labels', 'prompt', 'versus', 'view', 'method', 'head', 'compare'], (state) => {
    const question = questionOf(state);
    if (!question || (asked && same(asked, question))) return;
    asked = question;
    running.abort();
    running = new AbortController();
    const known = answers.find((answer) => covers(answer.question, question));
    if (known) show(known);
    else ask(question, running.signal);
  });

  /** @param {Answer} answer */
  function show(answer) {
    let bytes = 0;
    answers = [answer, ...answers.filter((other) => other !== answer)].filter((each, index) => (bytes += each.bytes) <= keptBytes || index === 0);
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
      const onProgress = (/** @type {api.Progress} */ progress) => store.set({ status: { phase: 'loading', ...inWords(progress, question) } });
      const buffer = await api.post(`explain/tensors?${tensorsQuery(question)}`, question.picture.blob, { signal, onProgress });
      signal.throwIfAborted();
      show(new Answer(buffer, question));
    } catch (error) {
      if (signal === running.signal) fallBack(signal.aborted ? null : error);
    }
  }

  /** A refused or cancelled question leaves the last answer and its picture in place. @param {unknown} error null: cancelled by the user */
  function fallBack(error) {
    const { answer } = store.state;
    const problem = error === null ? null : error instanceof api.Problem ? error : new api.Problem(0, 'This answer cannot be read', String(error));
    const last = answer?.question;
    const refused = store.state.picture !== last?.picture;
    store.set({
      ...(refused ? { picture: last?.picture ?? null, sample: last?.picture.sample ?? null, labels: last?.labels ?? store.state.labels } : {}),
      status: problem ? { phase: 'error', problem } : { phase: answer ? 'ready' : 'idle' },
    });
    asked = questionOf(store.state);
  }

  return { cancel: () => running.abort() };
}

/** @param {import('./state.js').State} state @returns {Question | null} */
function questionOf(state) {
  const model = modelOf(state);
  if (!state.picture || !model) return null;
  // Which labels a model takes is known once it is loaded; until then it is asked without.
  const labels = model.text || model.classes ? state.labels : [];
  const contrast = state.method === 'alignment' && state.view === 'contrast' && state.versus !== null && !labels.includes(state.versus);
  return {
    picture: state.picture,
    model: model.id,
    labels,
    prompt: model.text ? state.prompt : [],
    versus: contrast ? state.versus : null,
    heads: state.head !== null || state.compare === 'heads',
  };
}

/** Whether the answer to one question answers another too: more may be in it, and the order of labels does not matter. @param {Question} given @param {Question} wanted */
function covers(given, wanted) {
  return given.picture === wanted.picture && given.model === wanted.model
    && JSON.stringify([...given.labels].sort()) === JSON.stringify([...wanted.labels].sort())
    && JSON.stringify(given.prompt) === JSON.stringify(wanted.prompt)
    && (wanted.versus === null || given.versus === wanted.versus)
    && (given.heads || !wanted.heads);
}

/** @param {Question} one @param {Question} other */
const same = (one, other) => covers(one, other) && covers(other, one);

/** @param {api.Progress} progress @param {Question} question */
function inWords(progress, question) {
  if (progress.stage === 'waiting') {
    const { problem, seconds } = progress;
    return { message: `${problem.message} Trying again in ${seconds} s.` };
  }
  const words = { uploading: 'Sending the picture…', running: `${question.model} is looking at it…`, receiving: 'Receiving the attention of all layers…' };
  return { message: words[progress.stage], progress: progress.progress };
}
