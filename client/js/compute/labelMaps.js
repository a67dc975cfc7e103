import { valuesOf } from '../settings/declared.js';
import { labelMethod } from './effective.js';
import { localMethods } from './localMethods.js';

/**
 * The maps of all labels at the layer looked at, to be set side by side: those on screen where the method depends on labels, else those of a method that does.
 * @param {import('../store.js').State} state @param {import('./screen.js').Screen} screen
 * @param {{ plain?: boolean }} [options] `plain`: by the method's own defaults, so that they may be subtracted
 * @returns {{ method: import('./effective.js').Method, maps: import('./maps.js').Heatmap[] } | null} null: no method at hand has them
 */
export function labelMaps(state, { answer, shown, set }, { plain = false } = {}) {
  const onScreen = shown.method.labels !== 'unused';
  const method = onScreen ? shown.method : labelMethod(state, answer);
  const local = method && localMethods[method.name];
  if (method && local) {
    const values = plain ? valuesOf(method, {}) : local.settle(valuesOf(method, state.parameters), answer, shown.labels);
    return { method, maps: local.maps(answer, { ...shown, method, values }, shown.at) };
  }
  return onScreen && set.maps.length ? { method: shown.method, maps: set.maps } : null;
}
