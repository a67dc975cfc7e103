import { chosenOf, takes } from '../settings/declared.js';
import { percent } from '../settings/table.js';

/**
 * @typedef {import('../network/api.js').Method} Method
 * @typedef {import('../network/api.js').Parameter} Parameter
 * @typedef {import('../settings/kinds.js').Control} Control
 * @typedef {import('../settings/declared.js').Values} Values
 */

/**
 * What a control may depend on: `rivals` are the labels but the target, `text` is true where a model takes words.
 * @typedef {{ method: Method, heads: number, rivals: string[], text: boolean }} Context
 */

/**
 * What the page says of a parameter beyond its declaration.
 * @typedef {object} Wording
 * @property {(context: Context) => Partial<Control>} [control]
 * @property {Record<string, string>} [notes] one sentence for the value that is chosen
 * @property {(values: Values) => boolean} [matters] whether it changes anything beside the other values
 * @property {(value: any, values: Values) => string} [caption] below the picture, where the value is not the default; empty: nothing
 */

const viewCaptions = { cosine: '', centered: 'minus the mean of labels', softmax: 'as shares among the labels', contrast: 'against no text at all' };

/** By the parameter's name, in whichever method it is declared. @type {Record<string, Wording>} */
const wordings = {
  residual: { control: () => ({ maximum: 3, step: 0.05 }) },
  discard: { control: () => ({ maximum: 0.99, inWords: percent }) },
  headFusion: { matters: ({ head }) => head === undefined || head === null, caption: (value) => `${value} over heads` },
  head: {
    caption: (value) => `head ${value}`,
    control: ({ heads }) => ({
      kind: 'select', choices: [{ value: '', title: 'All' }, ...numbers(heads).map((head) => ({ value: String(head), title: `Head ${head}` }))],
    }),
  },
  view: {
    caption: (/** @type {keyof typeof viewCaptions} */ value, { versus }) => (value === 'contrast' && versus !== null ? '' : viewCaptions[value]),
    notes: {
      cosine: 'As it is. In many models the background fits a label better than the object does.',
      centered: 'What this label has more of than the labels on average.',
      softmax: 'Each patch as if it were a picture, scored over the labels.',
      contrast: 'Where this label fits better than the other.',
    },
  },
  versus: {
    caption: (value) => `against ${value}`,
    matters: ({ view }) => view === undefined || view === 'contrast',
    control: ({ method, rivals, text }) => ({
      choices: rivals.map((label) => ({ value: label, title: label })),
      placeholder: !takes(method, 'view') ? 'no other label' : text ? 'no text at all' : 'name a class',
    }),
  },
};

/** @param {string} name @returns {Wording} */
export const wordingOf = (name) => wordings[name] ?? {};

/** What people call a parameter: as it declares, else its name in words. @param {Parameter} parameter */
export const titleOf = ({ name, title }) => title ?? inWords(name);

/** The same of one of its words. @param {Parameter} parameter @param {string} value */
export const valueTitleOf = ({ values, valueTitles }, value) => valueTitles?.[values.indexOf(value)] ?? inWords(value);

/** What the values other than the defaults say below the picture. @param {Method} method @param {Values} values */
export const captionsOf = (method, values) => chosenOf(method, values)
  .filter(([name]) => wordingOf(name).matters?.(values) !== false)
  .map(([name, text]) => wordingOf(name).caption?.(text, values) ?? declaredCaption(method, name, text))
  .filter(Boolean);

/** @param {Method} method @param {string} name @param {string} text */
function declaredCaption({ parameters }, name, text) {
  const parameter = parameters.find((each) => each.name === name);
  if (!parameter) return '';
  const title = titleOf(parameter).toLowerCase();
  if (parameter.type === 'flag' && text === 'true') return title;
  return `${title}: ${parameter.type === 'word' ? valueTitleOf(parameter, text).toLowerCase() : text}`;
}

/** Letters of a row of segments that fit beside their title. */
const roomForSegments = 24;

/** The control of a declared parameter. @param {Parameter} parameter @param {Context} context @returns {Control} */
export function controlOf(parameter, context) {
  const { name, type, minimum, maximum, step, values, description } = parameter;
  const { control } = wordingOf(name);
  const choices = values.map((value) => ({ value, title: capital(valueTitleOf(parameter, value)) }));
  const own = { title: titleOf(parameter), hint: description, choices };
  if (type === 'flag' || type === 'text') return { kind: type, ...own, ...control?.(context) };
  if (type === 'word') {
    const letters = choices.reduce((sum, choice) => sum + choice.title.length, 0);
    return { kind: letters <= roomForSegments ? 'segments' : 'select', ...own, ...control?.(context) };
  }
  const ends = { minimum: minimum ?? undefined, maximum: maximum ?? undefined };
  const whole = type === 'integer' ? 1 : undefined;
  if (minimum === null || maximum === null) {
    return { kind: 'number', placeholder: parameter.default, ...own, ...ends, step: step ?? whole, ...control?.(context) };
  }
  return { kind: 'slider', ...own, ...ends, step: step ?? whole ?? (maximum - minimum) / 100, ...control?.(context) };
}

/** A name of the API as people read it: `prefixMass` is "Prefix mass". @param {string} name */
export function inWords(name) {
  const words = name.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return capital(words);
}

/** @param {string} words */
const capital = (words) => words[0].toUpperCase() + words.slice(1);

/** Parts of a series that say more than their names do; `values` is what the series itself is called. @type {Record<string, string>} */
const parts = { values: '', cls: 'from CLS', mlp: 'feed-forward (MLP)', initial: 'embedding', constant: 'biases' };

/** A part of a series, within a sentence. @param {string} name */
export const partInWords = (name) => parts[name] ?? inWords(name).toLowerCase();

/** @param {number} count */
const numbers = (count) => Array.from({ length: count }, (_, index) => index + 1);
