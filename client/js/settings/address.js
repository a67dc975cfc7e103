import { defaults, keys, names, table } from './table.js';

/** @typedef {import('./table.js').Settings} Settings */

/**
 * The settings that an address names; what it spells wrong is left out. A name that the table does not know may be a parameter of a method.
 * @param {string} search
 */
export function readSettings(search) {
  const query = new URLSearchParams(search);
  /** @type {Partial<Settings>} */
  const settings = {};
  for (const name of names) {
    const value = query.has(name) ? table[name].read(query.get(name) ?? '') : undefined;
    if (value !== undefined) Object.assign(settings, { [name]: value });
  }
  if (query.has('prompt')) settings.prompt = query.getAll('prompt');
  const others = [...query].filter(([name, value]) => !keys.includes(/** @type {keyof Settings} */ (name)) && value !== '');
  if (others.length) settings.parameters = Object.fromEntries(others);
  return settings;
}

/** The address of these settings: what differs from the defaults. @param {Settings} settings */
export function writeSettings(settings) {
  const query = new URLSearchParams();
  for (const name of names) {
    if (JSON.stringify(settings[name]) !== JSON.stringify(defaults[name])) query.set(name, table[name].write(settings[name]));
  }
  for (const [name, value] of Object.entries(settings.parameters)) query.set(name, value);
  for (const prompt of settings.prompt) query.append('prompt', prompt);
  const search = query.toString().replaceAll('%2C', ',').replaceAll('%20', '+');
  return search ? `?${search}` : '';
}

const steps = names.filter((name) => table[name].step);

/** Keeps address and settings in step, both ways. @param {import('../store.js').Store} store */
export function keepAddress(store) {
  let last = stepsOf(store.state);
  let known = location.search;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const write = () => {
    const search = writeSettings(store.state);
    if (search === location.search) return;
    const now = stepsOf(store.state);
    history[now === last ? 'replaceState' : 'pushState'](null, '', location.pathname + search);
    last = now;
    known = location.search;
  };
  store.on(keys, () => {
    // Browsers throttle address changes; a moving slider writes once, when it rests.
    clearTimeout(timer);
    timer = setTimeout(write, 250);
  });
  addEventListener('popstate', () => {
    // A link to a place on the page is told as a step, too: what is not in the address yet must not be lost by it.
    if (location.search === known) return;
    known = location.search;
    store.set({ ...defaults, ...readSettings(location.search) });
    last = stepsOf(store.state);
  });
}

/** @param {Settings} settings */
const stepsOf = (settings) => JSON.stringify(steps.map((name) => settings[name]));
