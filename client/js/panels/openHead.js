import { headsMethod } from '../compute/localMethods.js';
import { takes } from '../settings/declared.js';

/**
 * Puts one head of one layer on the picture: by the given method where it can show one, else as its attention.
 * @param {import('../store.js').Store} store @param {import('../compute/effective.js').Effective} shown
 * @param {{ layer: number, head: number, method?: import('../network/api.js').Method }} what
 */
export function openHead(store, shown, { layer, head, method }) {
  const own = method && takes(method, 'head') ? method : null;
  const range = own?.layers === 'through' ? { fromLayer: layer, toLayer: layer, at: null }
    : { fromLayer: Math.min(shown.fromLayer, layer), toLayer: Math.max(shown.toLayer, layer), at: layer };
  store.set({ method: own?.name ?? headsMethod, ...range, parameters: { ...store.state.parameters, head: String(head) } });
}

/** All heads and layers again. @param {import('../store.js').Store} store */
export function closeHead(store) {
  const { head: _, ...parameters } = store.state.parameters;
  store.set({ fromLayer: null, toLayer: null, at: null, parameters });
}
