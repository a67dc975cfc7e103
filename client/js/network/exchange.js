import { Problem, problemOf, requestIdOf } from './problems.js';

// The only file that talks to the network.

/** @typedef {{ stage: 'counting', done: number, total: number }} RunCount runs of the model that are done, of those that the answer needs */
/** @typedef {{ stage: 'uploading' | 'running' | 'receiving', progress?: number }} Transfer */
/** @typedef {Transfer | { stage: 'waiting', seconds: number, problem: Problem } | RunCount} Progress */
/** @typedef {{ signal: AbortSignal, onProgress?: (progress: Progress) => void }} Options */

export const base = 'api/v1/';
const longestWait = 30;
const mostFailures = 3;
const keyName = 'attention-api.key';

/** A key that the server asks for, kept for as long as the tab is open. @param {string} key */
export const useKey = (key) => sessionStorage.setItem(keyName, key);

/** A file that comes with the page. @param {string} path @returns {Promise<Response>} */
export const fileOfPage = (path) => fetch(path);

/**
 * Tries again as long as the server is busy or out of reach, and three times in all where it cannot answer: after Retry-After where it names one, else
 * after 1, 2, 4 … seconds. A repeated call is harmless, for the server keeps no state.
 * @template T @param {() => Promise<T>} attempt @param {Options} options @returns {Promise<T>}
 */
export async function patiently(attempt, { signal, onProgress }) {
  let failures = 0;
  for (let tries = 0; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Problem) || !error.passing) throw error;
      if (error.status === 503 && ++failures === mostFailures) throw error;
      const wait = Math.min(longestWait, error.retryAfter ?? 2 ** tries);
      for (let seconds = wait; seconds > 0; seconds--) {
        onProgress?.({ stage: 'waiting', seconds, problem: error });
        await pause(1000, signal);
      }
    }
  }
}

/** @param {number} milliseconds @param {AbortSignal} signal */
function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const timer = setTimeout(() => resolve(undefined), milliseconds);
    signal.addEventListener('abort', () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
  });
}

/**
 * What is done with an answer: set up before it is sent for, told whenever some of it has come, and read when all has.
 * @typedef {(request: XMLHttpRequest, onProgress: Options['onProgress']) => { some: (event: ProgressEvent) => void, all: () => any }} Reading
 */

/** @type {Reading} */
function answerInBytes(request, onProgress) {
  request.responseType = 'arraybuffer';
  return {
    some: ({ loaded, total, lengthComputable }) => onProgress?.({ stage: 'receiving', progress: lengthComputable ? loaded / total : undefined }),
    all: () => request.response,
  };
}

/** Lines of JSON: counts of runs, and last the answer, or what went wrong after the first. @type {Reading} */
export function answerInLines(request, onProgress) {
  request.responseType = 'text';
  request.setRequestHeader('Accept', 'application/x-ndjson');
  let read = 0;
  /** @type {any} */
  let last = null;
  const some = () => {
    const text = request.status === 200 ? request.responseText : '';
    for (let end; (end = text.indexOf('\n', read)) >= 0; read = end + 1) {
      last = JSON.parse(text.slice(read, end));
      if (last.progress) onProgress?.({ stage: 'counting', ...last.progress });
    }
  };
  return {
    some,
    all() {
      some();
      if (last?.answer) return last.answer;
      throw last?.problem ? new Problem(last.problem.status, last.problem.detail, { parameter: last.problem.parameter, request: requestIdOf(request) })
        : new Problem(0, 'The answer broke off.');
    },
  };
}

/**
 * One exchange. XMLHttpRequest, because fetch does not tell how far an upload is.
 * @param {'GET' | 'POST'} verb @param {string} path @param {Blob | FormData | null} body @param {Options} options @param {Reading} reading
 * @returns {Promise<any>}
 */
export function exchange(verb, path, body, { signal, onProgress }, reading = answerInBytes) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = new XMLHttpRequest();
    request.open(verb, base + path);
    const answer = reading(request, onProgress);
    const key = sessionStorage.getItem(keyName);
    if (key) request.setRequestHeader('Authorization', `Bearer ${key}`);
    // The server judges the bytes; a file of another kind must reach it for its own words.
    if (body instanceof Blob) request.setRequestHeader('Content-Type', body.type.startsWith('image/') ? body.type : 'image/unknown');
    request.upload.onprogress = ({ loaded, total }) => onProgress?.({ stage: 'uploading', progress: loaded / total });
    request.upload.onload = () => onProgress?.({ stage: 'running' });
    request.onprogress = answer.some;
    request.onload = () => {
      try {
        if (request.status !== 200) throw problemOf(request, body);
        resolve(answer.all());
      } catch (error) {
        reject(error);
      }
    };
    request.onerror = () => reject(new Problem(0, 'The server cannot be reached.'));
    request.onabort = () => reject(signal.reason);
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(body);
  });
}
