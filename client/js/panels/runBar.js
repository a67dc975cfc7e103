import { create } from '../dom.js';
import { inRuns } from '../network/progress.js';

/**
 * A bar for a call that may run the model hundreds of times. It counts once the server tells how far it is.
 * @param {string} label what is waited for
 */
export function runBar(label) {
  const bar = create('progress', { max: 1, attributes: { 'aria-label': label } });
  const words = create('span', { class: 'note' });
  return {
    element: create('div', { class: 'run-bar' }, bar, words),
    /** @param {import('../network/exchange.js').Progress} progress */
    onProgress(progress) {
      if (progress.stage !== 'counting') return;
      const { progress: value, count } = inRuns(progress);
      bar.value = value;
      words.textContent = count;
    },
  };
}
