import { answerInLines, base, exchange, fileOfPage, patiently } from './exchange.js';

// The calls of the service, and what the page reads of their answers.

/** @typedef {import('./exchange.js').Options} Options */

/**
 * A model; what its file holds is known once it has been loaded.
 * @typedef {object} ModelInfo
 * @property {string} id
 * @property {boolean} default
 * @property {'ready' | 'loading' | 'unloaded' | 'refused'} status
 * @property {string | null} reason
 * @property {number | null} layers
 * @property {number | null} heads
 * @property {{ rows: number, columns: number } | null} grid
 * @property {{ width: number, height: number } | null} imageSize what the model is given, in pixels
 * @property {{ minimum: number, maximum: number, step: number } | null} [resolutions] other sizes that it takes, in pixels a side
 * @property {boolean | null} text
 * @property {number | null} classes
 * @property {string | null} scores what makes scores of logits, such as softmax
 * @property {string[]} methods
 * @property {string | null} [recommended] the method that answers best where a label is
 * @property {{ method: string, reason: string }[]} [unavailable]
 * @property {string | null} [domain] what it knows, in a sentence
 * @property {string[]} warnings
 */

/**
 * What a method declares: everything that the page shows of it follows from this.
 * @typedef {object} Method
 * @property {string} name
 * @property {string} title
 * @property {string} meaning what it shows
 * @property {string} limits what it does not show
 * @property {string} paper
 * @property {'unused' | 'optional' | 'needed'} labels
 * @property {boolean} signed
 * @property {'none' | 'each' | 'through'} layers each: one map a layer of the range; through: one map for the whole range
 * @property {string[]} frames what a step along the layers may mean, the default first
 * @property {'maps' | 'colors' | 'table'} [picture] what its picture is; maps where the server does not say
 * @property {boolean} [answersAlone] whether it asks the model about hundreds of changed pictures
 * @property {boolean} [reference] whether it sets a patch of the picture against another picture
 * @property {{ unsigned: Words, signed: Words, versus: Words | null }} words what its maps say
 * @property {Parameter[]} parameters
 */

/**
 * A sentence on the whole picture and the meaning of the colours' ends, with names in braces for what differs from map to map.
 * @typedef {{ sentence: string, low: string, high: string }} Words
 */

/**
 * @typedef {object} Parameter
 * @property {string} name
 * @property {string} [title] what people call it
 * @property {'number' | 'integer' | 'word' | 'flag' | 'text'} type
 * @property {string} range in words
 * @property {string} default
 * @property {number | null} minimum
 * @property {number | null} maximum
 * @property {number | null} step
 * @property {string[]} values of a word
 * @property {string[]} [valueTitles] each of them for people
 * @property {string} description
 */

/** @param {Options} options @returns {Promise<ModelInfo[]>} */
export const listModels = async (options) => (await getJson('models', options)).models;

/** @param {Options} options @returns {Promise<Method[]>} */
export const listMethods = async (options) => (await getJson('methods', options)).methods;

/**
 * Names of classes that hold the text, the best first; none where the server does not list them.
 * @param {string} model @param {string} search @param {Options} options
 * @returns {Promise<string[]>}
 */
export async function listClasses(model, search, options) {
  const path = `models/${encodeURIComponent(model)}/classes?search=${encodeURIComponent(search)}&limit=20`;
  return parse(await exchange('GET', path, null, options)).classes.map((/** @type {{ name: string }} */ { name }) => name);
}

/**
 * The pictures that come with the page, each with labels for what is in it, and the method that shows them best where it is another than the opening's; and
 * what a visitor sees first.
 * @typedef {{ file: string, labels: string[], method?: string }} Sample
 * @typedef {{ sample: string, method: string, labels: string[], target: string }} Opening
 */

/**
 * @typedef {object} RealModel
 * @property {string} repository owner and name on Hugging Face
 * @property {string} kind
 * @property {string} licence
 * @property {Record<string, number>} megabytes by precision, the plain one first
 * @property {number} timesAsLong an answer takes, compared with the embedded model; roughly (docs/performance.md)
 */

/** Models that can be fetched. @returns {Promise<RealModel[]>} */
export const listRealModels = async () => (await (await fileOfPage('real-models.json')).json()).models;

/** @returns {Promise<{ opening: Opening, samples: Sample[] }>} */
export const listSamples = async () => (await fileOfPage('samples/samples.json')).json();

/** @param {string} file @returns {Promise<Blob>} */
export async function loadSample(file) {
  const answer = await fileOfPage(`samples/${file}`);
  if (!answer.ok) throw new Error(`The sample ${file} is not there.`);
  return answer.blob();
}

/**
 * Sends the picture to an endpoint, e.g. `explain/tensors`.
 * @param {string} path @param {Blob} picture @param {Options} options @returns {Promise<ArrayBuffer>}
 */
export const post = (path, picture, options) => patiently(() => exchange('POST', path, picture, options), options);

/** The same for an answer in JSON. @param {string} path @param {Blob} picture @param {Options} options */
export const postForJson = async (path, picture, options) => parse(await post(path, picture, options));

/**
 * The same for a call that may run the model hundreds of times: the server counts them while they go on.
 * @param {string} path @param {Blob} picture @param {Options} options
 */
export const postAndCount = (path, picture, options) => patiently(() => exchange('POST', path, picture, options, answerInLines), options);

/** The same for a picture that is set against another. @param {string} path @param {Blob} picture @param {Blob} reference @param {Options} options */
export const postBoth = async (path, picture, reference, options) =>
  parse(await patiently(() => exchange('POST', path, formOf({ image: picture, reference }), options), options));

/** @param {Record<string, Blob>} files */
function formOf(files) {
  const form = new FormData();
  for (const [name, file] of Object.entries(files)) form.append(name, file);
  return form;
}

/** The address of an endpoint, for a command line. @param {string} path */
export const addressOf = (path) => new URL(base + path, document.baseURI).href;

/** @param {string} path @param {Options} options */
async function getJson(path, options) {
  return parse(await patiently(() => exchange('GET', path, null, options), options));
}

/** @param {ArrayBuffer} bytes */
const parse = (bytes) => JSON.parse(new TextDecoder().decode(bytes));
