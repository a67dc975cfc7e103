import { colormapFor, colormaps, palette } from '../colormaps.js';
import { choices, context, create, slider } from '../dom.js';

/** Opacity, colours, scale, enlarging. @param {import('../state.js').Store} store */
export function lookPanel(store) {
  const opacity = slider('opacity', (value) => store.set({ opacity: value }), (value) => `${Math.round(100 * value)} %`);
  const swatches = choices('#colormaps', (colormap) => store.set({ colormap }));
  const scale = choices('#scale', (value) => store.set({ scale: value }));
  const interpolation = choices('#interpolation', (value) => store.set({ interpolation: value }));

  swatches.group.append(...colormaps.map((name) =>
    create('label', { title: name }, create('input', { type: 'radio', name: 'colormap', value: name, attributes: { 'aria-label': name } }), bar(palette(name)))));

  store.on(['opacity', 'colormap', 'scale', 'interpolation', 'screen'], (state) => {
    opacity.show(state.opacity);
    swatches.show(colormapFor(state.colormap, state.screen?.map.signed ?? false));
    scale.show(state.scale);
    interpolation.show(state.interpolation);
  });
}

/** @param {Uint32Array} colours */
function bar(colours) {
  const canvas = create('canvas', { width: 256, height: 1 });
  context(canvas).putImageData(new ImageData(new Uint8ClampedArray(colours.slice().buffer), 256, 1), 0, 0);
  return canvas;
}
