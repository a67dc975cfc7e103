import { choices, create, find, icon, onNextFrame } from '../dom.js';
import { layersBetween, mapFor } from '../compute/maps.js';
import { limitsOf } from '../compute/scales.js';
import { drawTile } from '../canvas/tile.js';

/** The strip of layers: one tile each, two handles for the range, a click to look at one, and play. @param {import('../store.js').Store} store */
export function layersPanel(store) {
  const strip = find('#strip', HTMLDivElement);
  const tiles = find('#tiles', HTMLOListElement);
  const first = find('#from-layer', HTMLInputElement);
  const last = find('#to-layer', HTMLInputElement);
  const delay = find('#delay', HTMLSelectElement);
  const frames = choices('#frames', (value) => store.set({ frames: value }));
  const section = find('#layers', HTMLElement);

  first.addEventListener('input', () => setRange(first.valueAsNumber, Math.max(first.valueAsNumber, last.valueAsNumber)));
  last.addEventListener('input', () => setRange(Math.min(first.valueAsNumber, last.valueAsNumber), last.valueAsNumber));
  delay.addEventListener('change', () => store.set({ delay: Number(delay.value) }));
  const drawTiles = onNextFrame(draw);
  new ResizeObserver(drawTiles).observe(strip);
  play(store);

  store.on(['screen'], ({ screen }) => {
    if (!screen) return;
    const { answer: { layers, grid }, shown: { fromLayer, toLayer, at, method, frames: mode } } = screen;
    section.hidden = method.layers === 'none' || !screen.map;
    if (tiles.children.length !== layers) tiles.replaceChildren(...layersBetween(1, layers).map(tile));
    for (const input of [first, last]) input.max = String(layers);
    first.value = String(fromLayer);
    last.value = String(toLayer);
    const numbers = { layers, from: fromLayer, to: toLayer, aspect: grid.columns / grid.rows };
    for (const [name, value] of Object.entries(numbers)) strip.style.setProperty(`--${name}`, String(value));
    for (const [index, item] of [...tiles.children].entries()) {
      item.classList.toggle('is-in', index + 1 >= fromLayer && index + 1 <= toLayer);
      item.firstElementChild?.setAttribute('aria-current', String(index + 1 === at));
    }
    frames.show(mode);
    frames.group.hidden = method.frames.length < 2;
    find('#play', HTMLButtonElement).hidden = method.frames.length === 0;
    delay.value = String([...delay.options].map(({ value }) => Number(value)).find((value) => value >= screen.shown.delay) ?? 1500);
    find('#layers-range', HTMLOutputElement).value = fromLayer === toLayer ? `${fromLayer} of ${layers}` : `${fromLayer}–${toLayer} of ${layers}`;
    const note = find('#range-note', HTMLParagraphElement);
    const start = mode === 'layers' ? at : fromLayer;
    note.hidden = method.layers !== 'through' || start === 1;
    note.textContent = `From layer ${start} on, a patch stands for what earlier layers had mixed into it, not for its own pixels.`;
    drawTiles();
  });

  function draw() {
    const { screen } = store.state;
    if (!screen?.frames) return;
    const { shown, limits, frames, colormap } = screen;
    for (const [index, frame] of frames.entries()) {
      const canvas = tiles.children[index]?.querySelector('canvas');
      const own = shown.scale === 'shared' || !frame ? limits : limitsOf(shown.scale, frame.maps);
      if (canvas) drawTile(canvas, screen, frame && mapFor(frame, shown.target), own, colormap);
    }
  }

  /** @param {number} fromLayer @param {number} toLayer */
  function setRange(fromLayer, toLayer) {
    const usual = store.state.wanted?.usual;
    store.set({ fromLayer: fromLayer === usual?.fromLayer ? null : fromLayer, toLayer: toLayer === usual?.toLayer ? null : toLayer, at: null });
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

/** Steps along the range for as long as `playing` says. @param {import('../store.js').Store} store */
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
