/**
 * What Orval needs beside the document: it takes answers that may come in lines for nothing but lines.
 * usage: orval --config orval.config.mjs, with ATTENTION_API, ATTENTION_DOCUMENT and ATTENTION_CLIENT (the file to write) in the environment.
 */
const withoutLines = document => {
  for (const { responses } of Object.values(document.paths).flatMap(Object.values)) {
    const content = responses['200'].content ?? {};
    if (content['application/json']) delete content['application/x-ndjson'];
  }
  return document;
};

const { ATTENTION_API: baseUrl, ATTENTION_DOCUMENT: target, ATTENTION_CLIENT: client } = process.env;

export default { attention: { input: { target, override: { transformer: withoutLines } }, output: { target: client, client: 'fetch', mode: 'single', baseUrl } } };
