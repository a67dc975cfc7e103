/**
 * What is going on, in words.
 * @param {Exclude<import('./exchange.js').Progress, import('./exchange.js').RunCount>} progress @param {string} model
 */
export function inWords(progress, model) {
  if (progress.stage === 'waiting') return { message: `${progress.problem.message} Trying again in ${progress.seconds} s.` };
  const words = { uploading: 'Sending the picture…', running: `${model} is looking at it…`, receiving: 'Receiving the attention of all layers…' };
  return { message: words[progress.stage], progress: progress.progress };
}

/** How far the model's runs are, for a bar and in words. @param {import('./exchange.js').RunCount} count */
export const inRuns = ({ done, total }) => ({ progress: done / total, count: `${done} of ${total} runs` });
