/** What went wrong, in the user's words: the names of HTTP say nothing to most people. @type {Record<number, string>} */
const titles = {
  0: 'The server cannot be reached',
  400: 'The server refused this',
  401: 'The server asks for a key',
  403: 'The key is not valid here',
  404: 'The server does not have this',
  408: 'The connection is too slow',
  413: 'The file is too large',
  415: 'This file is no picture that can be read',
  422: 'This picture cannot be read',
  429: 'The server is busy',
  500: 'The server failed',
  502: 'The server cannot be reached',
  503: 'The server cannot answer now',
  504: 'The server took too long',
};

/** Those that the user can do something about; of others, whoever runs the server wants to know. */
const owned = [400, 401, 403, 404, 408, 413, 415, 422, 429];

/** What the page calls that which the server calls by its parameter. @type {Record<string, string>} */
const controls = {
  labels: 'Labels', label: 'Labels', prompt: 'Prompt', target: 'Labels', versus: 'Compare with', resolution: 'Size at which the model sees the picture',
  query: 'Attention from', threshold: 'Outline', score: 'Score this map', method: 'Method', methods: 'Methods', model: 'Model', models: 'Models',
  masks: 'Number of random tries', window: 'Hidden at once', fromLayer: 'First layer', toLayer: 'Last layer', image: 'Picture', reference: 'In another picture',
};

const mebibyte = 2 ** 20;

/** An answer other than the wanted one, in the server's own words where it gave any (RFC 9457), as people at the page read them. */
export class Problem extends Error {
  /**
   * @param {number} status 0: no answer at all; -1: the page's own
   * @param {string} detail
   * @param {{ title?: string, parameter?: string, retryAfter?: number, request?: string }} more `request`: the id under which the server's log has it
   */
  constructor(status, detail, { title, parameter, retryAfter, request } = {}) {
    super(inPlainWords(detail, parameter) || 'The server gave no reason.');
    this.status = status;
    this.detail = detail;
    this.title = title ?? titles[status] ?? 'Something went wrong';
    this.parameter = parameter;
    this.retryAfter = retryAfter;
    this.request = request;
  }

  /** Something that the page itself could not do. @param {string} title @param {string} detail */
  static ofPage(title, detail) {
    return new Problem(-1, detail, { title });
  }

  /** Whatever was thrown. @param {unknown} error */
  static of(error) {
    if (error instanceof Problem) return error;
    if (error instanceof DOMException && error.name === 'TimeoutError') return new Problem(504, 'No answer came in time. Try again, or ask for less at once.');
    return Problem.ofPage('This answer cannot be read', `The page cannot read this answer. ${error instanceof Error ? error.message : error}`);
  }

  /** Not reachable, busy or stopping: the same request may succeed a moment later. A 503 that names no time is a failure like any other. */
  get passing() {
    return this.status === 0 || this.status === 429 || (this.status === 503 && this.retryAfter !== undefined);
  }

  /** The id of the request, where whoever runs the server must look. */
  get traced() {
    return owned.includes(this.status) ? undefined : this.request;
  }
}

/** From an answer that is not a success. @param {XMLHttpRequest} request @param {Blob | FormData | null} body what was sent */
export function problemOf(request, body) {
  const seconds = Number(request.getResponseHeader('Retry-After') ?? NaN);
  const more = { retryAfter: Number.isFinite(seconds) ? Math.max(1, seconds) : undefined, request: requestIdOf(request) };
  try {
    const { detail, parameter } = JSON.parse(request.responseType === 'text' ? request.responseText : new TextDecoder().decode(request.response));
    const words = request.status === 413 && body instanceof Blob ? tooLarge(body.size, detail ?? '') : (detail ?? '');
    return new Problem(request.status, words, { ...more, parameter });
  } catch {
    return new Problem(request.status, 'It gave no reason. Try again in a while.', more);
  }
}

/** @param {XMLHttpRequest} request */
export const requestIdOf = (request) => request.getResponseHeader('X-Request-Id') ?? undefined;

/** Without the names of the API and of the server's settings. @param {string} detail @param {string} [parameter] at fault */
function inPlainWords(detail, parameter) {
  const [, runs, allowed] = /^This needs (\d+) runs of the model; a call may cause (\d+)/.exec(detail) ?? [];
  if (runs) return `This needs ${runs} runs of the model; the server allows ${allowed} at once. ${lessOf(parameter)}`;
  const ours = detail.replace(/this answer's X-Request-Id/, 'the number below').replace(/ \([A-Z]\w*:\w+\)| [A-Z]\w*:\w+ allows more\./g, '');
  return ours.replace(/'(\w+)'/g, (quoted, name) => (name in controls ? `“${controls[name]}”` : quoted));
}

/** @param {string} [parameter] */
function lessOf(parameter) {
  if (parameter === 'methods' || parameter === 'models') return `Choose fewer ${parameter}.`;
  return parameter && parameter in controls ? `Change “${controls[parameter]}”.` : 'Ask for less at once.';
}

/** @param {number} bytes @param {string} detail which may name the limit */
function tooLarge(bytes, detail) {
  const [, limit] = /([\d.]+) MiB/.exec(detail) ?? [];
  const more = limit ? `the limit is ${limit} MB` : 'this is more than the server takes';
  return `This file has ${(bytes / mebibyte).toFixed(1)} MB; ${more}. A smaller file is enough: the model sees a few hundred pixels only.`;
}
