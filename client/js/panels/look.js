import { tables } from '../canvas/colormapTables.js';
import { colormapFor } from '../compute/screen.js';
import { choices, context, create, find } from '../dom.js';
import { names, table } from '../settings/table.js';
import { stripOf } from './colorBar.js';
import { makeControl } from './controls.js';

/** How a map is drawn: the settings of the table that name a control, and the colours. @param {import('../store.js').Store} store */
export function lookPanel(store) {
  const container = find('#look-controls', HTMLDivElement);
  const swatches = choices('#colormaps', (colormap) => store.set({ colormap }));
  swatches.group.append(...Object.keys(tables).map((name) => create('label', { title: name },
    create('input', { type: 'radio', name: 'colormap', value: name, attributes: { 'aria-label': name } }), bar(/** @type {keyof typeof tables} */ (name)))));

  for (const name of names) {
    const { control } = table[name];
    if (!control) continue;
    const { element, show } = makeControl(name, control, (value) => store.set({ [name]: value }));
    container.append(element);
    store.on([name], (state) => show(state[name]));
  }
  store.on(['colormap', 'screen'], ({ colormap, screen }) => swatches.show(colormapFor(colormap, screen?.map?.signed ?? false)));
}

/** @param {keyof typeof tables} colormap */
function bar(colormap) {
  const canvas = create('canvas', { width: 256, height: 1 });
  context(canvas).putImageData(stripOf(colormap), 0, 0);
  return canvas;
}
