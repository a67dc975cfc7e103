import { own } from '../canvas/picture.js';
import { create, find } from '../dom.js';
import { useKey } from '../network/exchange.js';
import { atRest, modelOf } from '../store.js';
import { offersIn, warningInWords } from './offers.js';
import { requestInWords } from './problem.js';
import { showRealModels } from './realModels.js';

/**
 * Progress, problems, warnings, first steps. The phase is a class on the body, for styles and tests.
 * @param {import('../store.js').Store} store @param {{ cancel: () => void, again: () => void }} loading
 */
export function notices(store, { cancel, again }) {
  const progress = find('#progress', HTMLDivElement);
  const bar = find('#progress-bar', HTMLProgressElement);
  const problem = find('#problem', HTMLDivElement);
  find('#cancel', HTMLButtonElement).addEventListener('click', cancel);
  const retry = find('#problem-again', HTMLButtonElement);
  retry.addEventListener('click', again);
  find('#problem-close', HTMLButtonElement).addEventListener('click', () => {
    store.set({ status: atRest(store.state) });
    find('#stage', HTMLCanvasElement).focus();
  });

  store.on(['status', 'picture', 'notices'], ({ status, picture, notices: said }) => {
    document.body.className = `is-${status.phase}`;
    // The focus must not vanish with the button that had it.
    const lost = progress.contains(document.activeElement) || document.activeElement === document.body;
    progress.hidden = status.phase !== 'loading';
    find('#progress-text', HTMLParagraphElement).textContent = status.message ?? '';
    find('#progress-count', HTMLSpanElement).textContent = status.count ?? '';
    if (status.progress === undefined) bar.removeAttribute('value');
    else bar.value = status.progress;
    const fails = status.phase === 'error' && problem.hidden;
    problem.hidden = status.phase !== 'error';
    find('#problem-title', HTMLElement).textContent = status.problem?.title ?? '';
    find('#problem-detail', HTMLParagraphElement).textContent = status.problem?.message ?? '';
    find('#problem-request', HTMLParagraphElement).textContent = status.problem ? requestInWords(status.problem) : '';
    retry.hidden = !status.problem?.passing;
    find('#key-form', HTMLFormElement).hidden = status.problem?.status !== 401;
    const empty = find('#empty', HTMLParagraphElement);
    empty.hidden = picture !== null || status.phase !== 'idle';
    empty.textContent = [...said, 'Drop a picture here, paste one, or choose a sample.'].join('\n');
    if (!fails) return;
    problem.scrollIntoView({ block: 'nearest' });
    if (lost) problem.focus({ preventScroll: true });
  });
  store.on(['answer', 'screen', 'notices', 'models', 'wanted', 'scale'], (state) => {
    const list = find('#warnings', HTMLUListElement);
    const { picture, notices: said, answer, screen } = state;
    // A way out that was taken needs no warning any more.
    const open = (/** @type {string} */ warning) => !(warning.includes('scale=shared') && state.scale === 'shared');
    const warnings = new Set([...(picture ? said : []), ...domainOf(state), ...(answer?.warnings ?? []), ...(screen?.set.warnings ?? []).filter(open)]);
    list.hidden = warnings.size === 0;
    const [domain] = domainOf(state);
    list.replaceChildren(...[...warnings].map((warning) =>
      create('li', {}, warningInWords(warning), ...(warning === domain ? [real()] : []), ...offersIn(warning, state).map(({ words, change }) =>
        create('button', { type: 'button', class: 'link', onclick: () => store.set(change) }, words)))));
  });
  find('#key-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    useKey(find('#key', HTMLInputElement).value);
    location.reload();
  });
  hint(store);
}

/** The samples suit the embedded model; of somebody's own picture it matters what a model was trained on. @param {import('../store.js').State} state */
function domainOf({ answer, models }) {
  const domain = answer?.question.picture.sample === own ? modelOf({ models, model: answer.model.id })?.domain : null;
  return domain ? [`About ${answer?.model.id}: ${domain}`] : [];
}

const real = () => create('button', { type: 'button', class: 'link', onclick: showRealModels }, 'Use a real model');

/** A few sentences for those who are here for the first time. @param {import('../store.js').Store} store */
function hint(store) {
  const box = find('#hint', HTMLElement);
  const seen = 'attention-api.hint-seen';
  store.on(['answer'], ({ answer }) => {
    if (answer && !localStorage.getItem(seen)) box.hidden = false;
  });
  find('#hint-close', HTMLButtonElement).addEventListener('click', () => {
    localStorage.setItem(seen, '1');
    box.hidden = true;
  });
}
