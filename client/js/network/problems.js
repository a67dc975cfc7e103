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
  503: 'The server cannot answer now',
};

const mebibyte = 2 ** 20;

/** An answer other than the wanted one, in the server's own words where it gave any (RFC 9457). */
export class Problem extends Error {
  /**
   * @param {number} status 0: no answer at all
   * @param {string} detail
   * @param {{ title?: string, parameter?: string, retryAfter?: number, request?: string }} more `request`: the id under which the server's log has it
   */
  constructor(status, detail, { title, parameter, retryAfter, request } = {}) {
    super(detail);
    this.status = status;
    this.title = title ?? titles[status] ?? 'Something went wrong';
    this.parameter = parameter;
    this.retryAfter = retryAfter;
    this.request = request;
  }

  /** Something that the page itself could not do. @param {string} title @param {string} detail */
  static ofPage(title, detail) {
    return new Problem(-1, detail, { title });
  }

  /** Not reachable, busy or stopping: the same request may succeed a moment later. A 503 that names no time is a failure like any other. */
  get passing() {
    return this.status === 0 || this.status === 429 || (this.status === 503 && this.retryAfter !== undefined);
  }
}

/** From an answer that is not a success. @param {XMLHttpRequest} request @param {Blob | FormData | null} body what was sent */
export function problemOf(request, body) {
  const seconds = Number(request.getResponseHeader('Retry-After') ?? NaN);
  const more = { retryAfter: Number.isFinite(seconds) ? Math.max(1, seconds) : undefined, request: request.getResponseHeader('X-Request-Id') ?? undefined };
  try {
    const { detail, parameter } = JSON.parse(request.responseType === 'text' ? request.responseText : new TextDecoder().decode(request.response));
    const words = request.status === 413 && body instanceof Blob ? tooLarge(body.size, detail ?? '') : (detail ?? '');
    return new Problem(request.status, words, { ...more, parameter });
  } catch {
    return new Problem(request.status, `It gave no reason (status ${request.status}).`, more);
  }
}

/** @param {number} bytes @param {string} detail which may name the limit */
function tooLarge(bytes, detail) {
  const [, limit] = /([\d.]+) MiB/.exec(detail) ?? [];
  const more = limit ? `the limit is ${limit} MB` : 'this is more than the server takes';
  return `This file has ${(bytes / mebibyte).toFixed(1)} MB; ${more}. A smaller one does: the model sees a few hundred pixels only.`;
}
