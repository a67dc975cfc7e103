import { flag, formed, labelList, real, text, whole, word } from './kinds.js';

/** The same default for every answer that is a picture. @param {unknown} value */
const pictures = (value) => Object.fromEntries(['overlay', 'animation', 'grid', 'evidence', 'compare'].map((part) => [`explain/${part}`, value]));

export const percent = (/** @type {number} */ value) => `${Math.round(100 * value)} %`;

/** The longest range of layers that an address may name; the model's own number is known later. */
const mostLayers = 1000;

/**
 * Everything that can be set on the page; null stands for the default of method, model or API. What a method declares beyond this is in
 * `parameters`, by its name in the query.
 */
export const table = {
  /** The sample picture, where one is shown. */
  sample: text({ step: true }),
  model: text({ step: true }),
  /** Pixels a side at which the picture is given to the model, where it takes several sizes; null: its own. */
  resolution: whole(1, 4096, null, { step: true }),
  labels: labelList(),
  method: text({ step: true }),
  target: text({ step: true }),
  /** The token that is asked: `cls`, `mean`, or `row,column` of a patch. */
  query: formed(/^(cls|mean|\d+,\d+)$/),
  /** The sample picture whose patches are compared with the chosen one, or `own`, of methods that set a patch against another picture. */
  reference: text({ step: true }),
  /** What a pointer over the picture does: ask from the patch under it, or only read the value there. */
  hover: word(['ask', 'read'], 'ask'),
  fromLayer: whole(1, mostLayers, null),
  toLayer: whole(1, mostLayers, null),
  /** The layer that is looked at within the range; null: its last. */
  at: whole(1, mostLayers, null),
  /** What a step along the layers means, of those that the method offers. */
  frames: text(),
  /** The open tab below the picture. */
  compare: word(['labels', 'methods', 'models', 'heads', 'difference', 'trajectory', 'expected'], 'labels', { step: true }),
  /** The methods that are set side by side; none: those that the page proposes. */
  compareMethods: labelList({ step: true }),
  /** The model that is set beside the one on screen. */
  compareModel: text({ step: true }),
  /** What of the map is outlined as regions. */
  regions: word(['off', 'otsu', 'mass', 'percentile'], 'off'),
  /** Of `mass`: the share of the map's positive values that regions hold. */
  regionMass: real(0.05, 1, 0.5),
  /** Of `percentile`. */
  regionPercentile: real(50, 99, 90),
  /** Whether the map is scored by hiding patches. */
  score: flag({ sent: { explain: false, 'explain/evidence': false } }),

  opacity: real(0, 1, 0.5, {
    sent: pictures(0.5),
    control: { kind: 'slider', title: 'Opacity', minimum: 0, maximum: 1, step: 0.01, inWords: percent },
  }),
  /** What the picture under the map looks like. */
  blend: word(['glow', 'gray', 'value', 'flat'], 'glow', {
    sent: pictures('glow'),
    control: {
      kind: 'select', title: 'Picture', hint: 'On grey, colours of the picture do not read as colours of the map', choices: [
        { value: 'glow', title: 'Grey, glowing map' }, { value: 'gray', title: 'Grey, even map' },
        { value: 'value', title: 'Colour, glowing map' }, { value: 'flat', title: 'Colour, even map' },
      ],
    },
  }),
  /** Null: viridis, coolwarm for signed maps. */
  colormap: word(['viridis', 'magma', 'inferno', 'plasma', 'cividis', 'turbo', 'jet', 'hot', 'gray', 'coolwarm'], null, { sent: pictures(null) }),
  scale: word(['percentile', 'minmax', 'shared', 'absolute'], 'percentile', {
    sent: { 'explain/overlay': 'percentile', 'explain/animation': 'shared', 'explain/grid': 'shared' },
    control: {
      kind: 'select', title: 'Colour range',
      hint: 'Which values meet the ends of the colours. Clipped outliers: the lowest and the highest hundredth.', choices: [
        { value: 'percentile', title: 'Clip outliers' }, { value: 'minmax', title: 'Lowest to highest' },
        { value: 'shared', title: 'Same for all layers' }, { value: 'absolute', title: 'Fixed: 0 to 1, signed −1 to 1' },
      ],
    },
  }),
  interpolation: word(['bilinear', 'bicubic', 'nearest'], 'bilinear', {
    sent: { ...pictures('bilinear'), 'explain/regions': 'bilinear' },
    control: {
      kind: 'segments', title: 'Smoothing', choices: [
        { value: 'bilinear', title: 'Linear' }, { value: 'bicubic', title: 'Cubic' }, { value: 'nearest', title: 'None' },
      ],
    },
  }),
  /** Milliseconds a frame. */
  delay: whole(20, 10_000, 400, { sent: { 'explain/animation': 400 } }),
};

/** @typedef {typeof table} Table */
/** @typedef {keyof Table} Name */

/**
 * The values of the table by name, and what the table cannot hold: `prompt` may be repeated, and `parameters` are those that methods declare, as texts.
 * @typedef {{ [N in Name]: Table[N]['default'] } & { prompt: string[], parameters: Record<string, string> }} Settings
 */

export const names = /** @type {Name[]} */ (Object.keys(table));

/** @type {Readonly<Settings>} */
export const defaults = Object.freeze({
  .../** @type {any} */ (Object.fromEntries(names.map((name) => [name, table[name].default]))),
  prompt: [],
  parameters: {},
});

/** Every key of the settings, for those who follow all of them. */
export const keys = /** @type {(keyof Settings)[]} */ (Object.keys(defaults));
