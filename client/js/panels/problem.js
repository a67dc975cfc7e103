import { create } from '../dom.js';
import { Problem } from '../network/problems.js';

/** Says beside a control what went wrong with it. @param {HTMLElement} element @param {unknown} error */
export const sayProblem = (element, error) => element.replaceChildren(...problemWords(error));

/** What went wrong, and below it whom to turn to where those who see the page cannot help themselves. @param {unknown} error */
export function problemWords(error) {
  const problem = Problem.of(error);
  return [problem.message, ...(problem.traced ? [create('span', { class: 'request' }, requestInWords(problem))] : [])];
}

/** @param {Problem} problem */
export const requestInWords = ({ traced }) => (traced ? `For whoever runs the server, this is request ${traced}.` : '');
