/**
 * @typedef {import('./scales.js').Scale} Scale
 * @typedef {import('./views.js').View} View
 * @typedef {import('./upsample.js').Interpolation} Interpolation
 * @typedef {import('./colormaps.js').Colormap} Colormap
 * @typedef {import('./answer.js').Answer} Answer
 * @typedef {import('./picture.js').Picture} Picture
 * @typedef {import('./api.js').ModelInfo} ModelInfo
 * @typedef {import('./api.js').MethodInfo} MethodInfo
 */

/**
 * What the page shows and how; the part that lives in the address. Names and values are those of the API; null stands for its default.
 * @typedef {object} Settings
 * @property {string | null} sample the sample picture, where one is shown
 * @property {string | null} model
 * @property {string[]} labels
 * @property {string[]} prompt
 * @property {string | null} target
 * @property {string | null} versus
 * @property {'rollout' | 'attention' | 'alignment'} method
 * @property {View} view
 * @property {number} fromLayer
 * @property {number | null} toLayer
 * @property {number | null} at the layer that is looked at within the range; null: its last
 * @property {'cumulative' | 'layers'} frames what a step along the layers means in a rollout
 * @property {'mean' | 'max' | 'min'} headFusion
 * @property {number | null} head
 * @property {number} residual
 * @property {number} discard
 * @property {string | null} query
 * @property {Colormap | null} colormap
 * @property {number} opacity
 * @property {Scale} scale
 * @property {Interpolation} interpolation
 * @property {number} delay milliseconds a frame
 * @property {'heads' | 'labels' | 'difference' | 'trajectory'} compare the open tab below the picture
 */

/**
 * What the page holds but no address can say.
 * @typedef {object} Session
 * @property {Picture | null} picture the picture asked about; while an answer is on its way, newer than the answer's
 * @property {Answer | null} answer
 * @property {Status} status
 * @property {ModelInfo[]} models
 * @property {MethodInfo[]} methods
 * @property {{ row: number, column: number } | null} cursor the patch under the pointer or the arrow keys
 * @property {boolean} pinned a patch chosen as query stays when the pointer moves on
 * @property {boolean} playing
 * @property {'light' | 'dark'} theme
 * @property {import('./screen.js').Screen | null} screen what is shown, computed from the rest
 */

/**
 * @typedef {object} Status
 * @property {'idle' | 'loading' | 'ready' | 'error'} phase also a class on the body: `is-idle`, …
 * @property {string} [message]
 * @property {number} [progress] 0…1, while bytes are moving
 * @property {import('./api.js').Problem} [problem]
 */

/** @typedef {Settings & Session} State */

/** @type {Readonly<Settings>} */
export const defaults = Object.freeze({
  sample: null, model: null, labels: [], prompt: [], target: null, versus: null,
  method: 'rollout', view: 'cosine', fromLayer: 1, toLayer: null, at: null, frames: 'cumulative',
  headFusion: 'mean', head: null, residual: 1, discard: 0, query: null,
  colormap: null, opacity: 0.5, scale: 'percentile', interpolation: 'bilinear', delay: 400, compare: 'labels',
});

/** The model that is asked: the one chosen, else the server's default. @param {Pick<State, 'models' | 'model'>} state @returns {ModelInfo | undefined} */
export const modelOf = ({ models, model }) => models.find(({ id }) => id === model) ?? models.find((each) => each.default) ?? models[0];

/** @type {Session} */
const freshSession = { picture: null, answer: null, status: { phase: 'idle' }, models: [], methods: [], cursor: null, pinned: true, playing: false, theme: 'light', screen: null };

/**
 * The one store. Changes of one turn are told together, after it, to those who listen to any of the changed keys.
 * @param {Partial<Settings>} settings
 */
export function createStore(settings) {
  /** @type {State} */
  const state = { ...defaults, ...settings, ...freshSession };
  /** @type {{ keys: Set<keyof State>, notify: (state: State) => void }[]} */
  const listeners = [];
  /** @type {Set<keyof State>} */
  let changed = new Set();

  function flush() {
    const told = changed;
    changed = new Set();
    for (const { keys, notify } of listeners) if ([...told].some((key) => keys.has(key))) notify(state);
  }

  return {
    state,
    /** @param {Partial<State>} patch */
    set(patch) {
      for (const key of /** @type {(keyof State)[]} */ (Object.keys(patch))) {
        if (Object.is(state[key], patch[key])) continue;
        if (changed.size === 0) queueMicrotask(flush);
        changed.add(key);
      }
      Object.assign(state, patch);
    },
    /** Calls `notify` at once and after each change of one of the keys. @param {(keyof State)[]} keys @param {(state: State) => void} notify */
    on(keys, notify) {
      listeners.push({ keys: new Set(keys), notify });
      notify(state);
    },
  };
}

/** @typedef {ReturnType<typeof createStore>} Store */
