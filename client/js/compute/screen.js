import { keys } from '../settings/table.js';
import { asksFromTokens, effective } from './effective.js';
import { localMethods } from './localMethods.js';
import { mapFor } from './maps.js';
import { limitsOf } from './scales.js';

/**
 * @typedef {import('./effective.js').Effective} Effective
 * @typedef {import('./maps.js').Heatmap} Heatmap
 * @typedef {import('./maps.js').MapSet} MapSet
 * @typedef {import('./answer.js').Answer} Answer
 * @typedef {import('./localMaps.js').MapSource} MapSource
 */

/**
 * What is on screen, computed from settings and answer.
 * @typedef {object} Screen
 * @property {Answer} answer
 * @property {Effective} shown
 * @property {MapSet} set what the method says at the layer looked at: maps of all labels, series, scores
 * @property {Heatmap | null} map the one on the picture; null where the method shows numbers alone
 * @property {import('./maps.js').ColorGrid | null} colors over the picture, of methods that have colours instead of maps
 * @property {import('./scales.js').Limits} limits of all labels together: a label that is not in the picture must not glow like one that is
 * @property {NonNullable<Effective['colormap']>} colormap
 * @property {(MapSet | null)[] | null} frames the same for layers 1…L; null until they are computed, in part where they are fetched one by one
 */

/**
 * Keeps `screen` in step with the settings; what is asked for and not there yet leaves the last one in place.
 * @param {import('../store.js').Store} store @param {{ local: MapSource, fetched: MapSource & { leave: () => void } }} sources
 */
export function watchScreen(store, { local, fetched }) {
  function update() {
    const { answer, methods } = store.state;
    if (!answer || methods.length === 0) return;
    const shown = effective(store.state, answer);
    store.set({ wanted: shown });
    const source = localMethods[shown.method.name] ? local : fetched;
    if (source === local) fetched.leave();
    const set = source.at(answer, shown, update);
    const frames = source.frames(answer, shown, update)?.map((each) => each ?? null) ?? null;
    if (set) store.set({ screen: { answer, shown, set, ...pictured(set, frames, shown), frames } });
  }

  store.on([...keys, 'answer', 'methods', 'models'], update);
  store.on(['cursor'], ({ hover, wanted }) => {
    if (hover === 'ask' && wanted && asksFromTokens(wanted)) update();
  });
}

/** @param {MapSet} set @param {Screen['frames']} frames @param {Effective} shown */
function pictured(set, frames, { target, scale, fromLayer, toLayer, colormap }) {
  const map = mapFor(set, target);
  const along = scale === 'shared' ? (frames ?? []).slice(fromLayer - 1, toLayer).flatMap((frame) => frame?.maps ?? []) : [];
  return { map, colors: set.colors, limits: limitsOf(scale, along.length ? along : set.maps), colormap: colormapFor(colormap, map?.signed ?? false) };
}

/** A diverging map where zero is the middle, unless another was chosen. @param {Effective['colormap']} chosen @param {boolean} signed */
export const colormapFor = (chosen, signed) => chosen ?? (signed ? 'coolwarm' : 'viridis');
