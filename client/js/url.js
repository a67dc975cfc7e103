import { fromCsv, toCsv } from './apiQuery.js';
import { colormaps } from './colormaps.js';
import { defaults } from './state.js';

/** @typedef {import('./state.js').Settings} Settings */
/** @typedef {{ read: (text: string) => any, write?: (value: any) => string }} Codec `read` gives undefined for what is not a value */

/** @param {readonly string[]} words @returns {Codec} */
const word = (words) => ({ read: (text) => (words.includes(text) ? text : undefined) });

/** @param {number} low @param {number} high @returns {Codec} */
const real = (low, high) => ({ read: (text) => within(Number(text || NaN), low, high) });

/** @param {number} low @param {number} high @returns {Codec} */
const whole = (low, high) => ({ read: (text) => (/^\d+$/.test(text) ? within(Number(text), low, high) : undefined) });

/** @type {Codec} */
const text = { read: (value) => value || undefined };

/** @type {Codec} */
const layer = whole(1, 1000);

/** How each setting stands in the address; the names are the API's. `prompt` may be repeated and is handled apart. @type {Record<Exclude<keyof Settings, 'prompt'>, Codec>} */
const codecs = {
  sample: text,
  model: text,
  labels: { read: fromCsv, write: toCsv },
  target: text,
  versus: text,
  method: word(['rollout', 'attention', 'alignment']),
  view: word(['cosine', 'centered', 'softmax', 'contrast']),
  fromLayer: layer,
  toLayer: layer,
  at: layer,
  frames: word(['cumulative', 'layers']),
  headFusion: word(['mean', 'max', 'min']),
  head: layer,
  residual: real(0, 1000),
  discard: real(0, 0.999),
  query: { read: (value) => (/^(cls|mean|\d+,\d+)$/.test(value) ? value : undefined) },
  colormap: word(colormaps),
  opacity: real(0, 1),
  scale: word(['percentile', 'minmax', 'shared', 'absolute']),
  interpolation: word(['bilinear', 'bicubic', 'nearest']),
  delay: whole(20, 10000),
  compare: word(['heads', 'labels', 'difference', 'trajectory']),
};

/** The settings that an address names; what it spells wrong is left out. @param {string} search @returns {Partial<Settings>} */
export function readSettings(search) {
  const query = new URLSearchParams(search);
  /** @type {Partial<Settings>} */
  const settings = query.has('prompt') ? { prompt: query.getAll('prompt') } : {};
  for (const [name, codec] of Object.entries(codecs)) {
    const value = query.has(name) ? codec.read(query.get(name) ?? '') : undefined;
    if (value !== undefined) Object.assign(settings, { [name]: value });
  }
  return settings;
}

/** The address of these settings: what differs from the defaults. @param {Settings} settings */
export function writeSettings(settings) {
  const query = new URLSearchParams();
  for (const [name, codec] of Object.entries(codecs)) {
    const key = /** @type {keyof typeof codecs} */ (name);
    const value = settings[key];
    if (JSON.stringify(value) === JSON.stringify(defaults[key])) continue;
    query.set(name, codec.write ? codec.write(value) : String(value));
  }
  for (const prompt of settings.prompt) query.append('prompt', prompt);
  const search = query.toString().replaceAll('%2C', ',').replaceAll('%20', '+');
  return search ? `?${search}` : '';
}

/** A change of these is a step that "back" undoes; the others only follow along. @type {(keyof Settings)[]} */
const steps = ['sample', 'model', 'method', 'target', 'view', 'compare'];

/** Keeps address and settings in step, both ways. @param {import('./state.js').Store} store */
export function keepAddress(store) {
  const keys = /** @type {(keyof Settings)[]} */ (Object.keys(defaults));
  let last = pick(store.state, steps);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const write = () => {
    const search = writeSettings(store.state);
    if (search === location.search) return;
    const now = pick(store.state, steps);
    history[now === last ? 'replaceState' : 'pushState'](null, '', location.pathname + search);
    last = now;
  };
  store.on(keys, () => {
    // Browsers throttle address changes; a moving slider writes once, when it rests.
    clearTimeout(timer);
    timer = setTimeout(write, 250);
  });
  addEventListener('popstate', () => {
    store.set({ ...defaults, ...readSettings(location.search) });
    last = pick(store.state, steps);
  });
}

/** @param {Settings} settings @param {(keyof Settings)[]} keys */
const pick = (settings, keys) => JSON.stringify(keys.map((key) => settings[key]));

/** @param {number} value @param {number} low @param {number} high */
const within = (value, low, high) => (value >= low && value <= high ? value : undefined);
