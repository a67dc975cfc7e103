import { choices, create, find, icon, onNextFrame } from '../dom.js';
import { isSignedView } from '../views.js';
import { layersOf } from '../maps.js';
import { limitsOf } from '../scales.js';
import { drawTile } from '../tile.js';

/** The strip of layers: one tile each, two handles for the range, a click to look at one, and play. @param {import('../state.js').Store} store */
export function layersPanel(store) {
  const strip = find('#strip', HTMLDivElement);
  const tiles = find('#tiles', HTMLOListElement);
  const first = find('#from-layer', HTMLInputElement);
  const last = find('#to-layer', HTMLInputElement);
  const delay = find('#delay', HTMLSelectElement);
  const frames = choices('#frames', (value) => store.set({ frames: value }));

  first.addEventListener('input', () => setRange(first.valueAsNumber, Math.max(first.valueAsNumber, last.valueAsNumber)));
  last.addEventListener('input', () => setRange(Math.min(first.valueAsNumber, last.valueAsNumber), last.valueAsNumber));
  delay.addEventListener('change', () => store.set({ delay: Number(delay.value) }));
  const drawTiles = onNextFrame(draw);
  new ResizeObserver(drawTiles).observe(strip);
  play(store);

  store.on(['screen'], ({ screen }) => {
    if (!screen) return;
    const { answer: { layers, grid }, shown: { fromLayer, toLayer, at, method } } = screen;
    if (tiles.children.length !== layers) tiles.replaceChildren(...layersOf({ fromLayer: 1, toLayer: layers }).map(tile));
    for (const input of [first, last]) input.max = String(layers);
    first.value = String(fromLayer);
    last.value = String(toLayer);
    const numbers = { layers, from: fromLayer, to: toLayer, aspect: grid.columns / grid.rows };
    for (const [name, value] of Object.entries(numbers)) strip.style.setProperty(`--${name}`, String(value));
    for (const [index, item] of [...tiles.children].entries()) {
      item.classList.toggle('is-in', index + 1 >= fromLayer && index + 1 <= toLayer);
      item.firstElementChild?.setAttribute('aria-current', String(index + 1 === at));
    }
    frames.show(screen.shown.frames);
    frames.group.hidden = method !== 'rollout';
    delay.value = String([...delay.options].map(({ value }) => Number(value)).find((value) => value >= screen.shown.delay) ?? 1500);
    find('#layers-range', HTMLOutputElement).value = fromLayer === toLayer ? `${fromLayer} of ${layers}` : `${fromLayer}–${toLayer} of ${layers}`;
    const note = find('#range-note', HTMLParagraphElement);
    const start = method === 'rollout' && screen.shown.frames === 'layers' ? at : fromLayer;
    note.hidden = method !== 'rollout' || start === 1;
    note.textContent = `From layer ${start} on, the map shares out tokens at the input of that layer: what each patch had become by then, not the patch itself.`;
    drawTiles();
  });

  function draw() {
    const { screen } = store.state;
    if (!screen?.frames) return;
    const { shown, limits, frames: maps, colours } = screen;
    for (const [index, map] of maps.entries()) {
      const canvas = tiles.children[index]?.querySelector('canvas');
      const own = shown.scale === 'shared' ? limits : limitsOf(shown.scale, [map.values], isSignedView(shown.view) && map.signed);
      if (canvas) drawTile(canvas, screen, map, own, colours);
    }
  }

  /** @param {number} fromLayer @param {number} toLayer */
  function setRange(fromLayer, toLayer) {
    const layers = store.state.screen?.answer.layers;
    store.set({ fromLayer, toLayer: toLayer === layers ? null : toLayer, at: null });
  }

  /** @param {number} layer */
  function tile(layer) {
    const button = create('button', { type: 'button', attributes: { 'aria-label': `Layer ${layer}` } }, create('canvas'), create('span', {}, String(layer)));
    button.addEventListener('click', () => {
      const shown = store.state.screen?.shown;
      if (!shown) return;
      if (layer < shown.fromLayer) setRange(layer, shown.toLayer);
      if (layer > shown.toLayer) setRange(shown.fromLayer, layer);
      store.set({ at: layer, playing: false });
    });
    return create('li', {}, button);
  }
}

/** Steps along the range for as long as `playing` says. @param {import('../state.js').Store} store */
function play(store) {
  const button = find('#play', HTMLButtonElement);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  button.addEventListener('click', () => store.set({ playing: !store.state.playing }));

  const step = () => {
    const { screen, delay } = store.state;
    if (screen) {
      const { at, fromLayer, toLayer } = screen.shown;
      store.set({ at: at >= toLayer ? fromLayer : at + 1 });
    }
    timer = setTimeout(step, delay);
  };
  store.on(['playing'], ({ playing }) => {
    clearTimeout(timer);
    if (playing) step();
    button.setAttribute('aria-pressed', String(playing));
    button.replaceChildren(icon(playing ? 'pause' : 'play'));
  });
}
