import { defaults } from './settings/table.js';

/**
 * @typedef {import('./settings/table.js').Settings} Settings
 * @typedef {import('./compute/answer.js').Answer} Answer
 * @typedef {import('./canvas/picture.js').Picture} Picture
 * @typedef {import('./network/api.js').ModelInfo} ModelInfo
 * @typedef {import('./network/api.js').Method} Method
 */

/**
 * What the page holds but no address can say.
 * @typedef {object} Session
 * @property {Picture | null} picture the picture asked about; while an answer is on its way, newer than the answer's
 * @property {Answer | null} answer
 * @property {Status} status
 * @property {ModelInfo[]} models
 * @property {Method[]} methods
 * @property {Record<string, string>} refused labels that the model does not take, and why
 * @property {string[]} notices what the page has to say of the address that it was opened with
 * @property {{ row: number, column: number } | null} cursor the patch under the pointer or the arrow keys
 * @property {boolean} keyed whether keys moved the cursor: what it is on is said then
 * @property {boolean} playing
 * @property {'light' | 'dark'} theme
 * @property {import('./compute/effective.js').Effective | null} wanted the settings as they apply to the answer
 * @property {import('./compute/regions.js').Found | null} found the regions of the map on screen
 * @property {import('./compute/screen.js').Screen | null} screen what is shown: what is wanted, or while that is on its way, what was before
 */

/**
 * @typedef {object} Status
 * @property {'idle' | 'loading' | 'ready' | 'error'} phase also a class on the body: `is-idle`, …
 * @property {string} [message]
 * @property {number} [progress] 0…1, while bytes are moving or runs are counted
 * @property {string} [count] of what, in words
 * @property {import('./network/problems.js').Problem} [problem]
 */

/** @typedef {Settings & Session} State */

/** The model that is asked: the one chosen, else the server's default. @param {Pick<State, 'models' | 'model'>} state @returns {ModelInfo | undefined} */
export const modelOf = ({ models, model }) => models.find(({ id }) => id === model) ?? models.find((each) => each.default) ?? models[0];

/** The status while nothing is on its way and nothing went wrong. @param {Pick<State, 'answer'>} state @returns {Status} */
export const atRest = ({ answer }) => ({ phase: answer ? 'ready' : 'idle' });

/** @type {Session} */
const freshSession = {
  picture: null, answer: null, status: { phase: 'idle' }, models: [], methods: [], refused: {}, notices: [], cursor: null, keyed: false, playing: false,
  theme: 'light', wanted: null, screen: null, found: null,
};

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
