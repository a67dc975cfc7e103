import { asksFromTokens, patchOf } from '../compute/effective.js';
import { localMethods } from '../compute/localMethods.js';
import { patchAt, pan, zoomAbout } from './placement.js';

/** @typedef {import('./stage.js').Stage} Stage */

/**
 * Pointer and keys on the stage: hover reads and asks, click pins, drag moves, wheel and pinch zoom, arrows walk over the patches.
 * @param {Stage} stage @param {import('../store.js').Store} store
 */
export function listenToStage(stage, store) {
  const { canvas } = stage;
  /** @type {Map<number, { x: number, y: number }>} pointers that are down */
  const down = new Map();
  let moved = 0;

  canvas.addEventListener('pointermove', (event) => {
    const point = onCanvas(event);
    const last = down.get(event.pointerId);
    if (last) drag(event.pointerId, last, point);
    else hover(patchUnder(point));
  });
  canvas.addEventListener('pointerleave', () => {
    if (down.size === 0) store.set({ cursor: null });
  });
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    down.set(event.pointerId, onCanvas(event));
    if (down.size === 1) moved = 0;
  });
  for (const name of /** @type {const} */ (['pointerup', 'pointercancel'])) {
    canvas.addEventListener(name, (event) => {
      const clicked = name === 'pointerup' && down.size === 1 && moved < 6 * devicePixelRatio;
      down.delete(event.pointerId);
      canvas.classList.remove('is-panning');
      if (clicked) pin(patchUnder(onCanvas(event)));
    });
  }
  canvas.addEventListener('wheel', (event) => {
    // A plain wheel scrolls the page; pinching a touchpad arrives as a wheel with Ctrl.
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * 0.01), onCanvas(event));
  }, { passive: false });
  canvas.addEventListener('keydown', (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });

  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowLeft: () => walk(0, -1), ArrowRight: () => walk(0, 1), ArrowUp: () => walk(-1, 0), ArrowDown: () => walk(1, 0),
    Enter: () => pin(store.state.cursor),
    Escape: () => store.set({ query: null, pinned: true, cursor: null }),
    '+': () => zoom(1.4), '=': () => zoom(1.4), '-': () => zoom(1 / 1.4), 0: () => reset(),
    ' ': () => store.set({ playing: !store.state.playing }),
  };

  /** @param {{ row: number, column: number } | null} patch */
  function hover(patch) {
    const { cursor, pinned } = store.state;
    if (patch?.row === cursor?.row && patch?.column === cursor?.column) return;
    store.set(patch && !pinned && asksFromPatches() && answersAtOnce() ? { cursor: patch, query: `${patch.row},${patch.column}` } : { cursor: patch });
  }

  /** A click on a patch makes it the query and keeps it; on the pinned patch itself, lets go. @param {{ row: number, column: number } | null} patch */
  function pin(patch) {
    if (!patch) return;
    if (!asksFromPatches()) return store.set({ cursor: patch });
    const query = `${patch.row},${patch.column}`;
    store.set({ query, cursor: patch, pinned: !(store.state.pinned && store.state.query === query) });
  }

  /** @param {number} down @param {number} right */
  function walk(down, right) {
    const { screen, cursor } = store.state;
    if (!screen) return;
    const { rows, columns } = screen.answer.grid;
    const { shown } = screen;
    const start = cursor ?? (shown.query?.includes(',') ? patchOf(shown.query) : { row: rows >> 1, column: columns >> 1 });
    const patch = { row: Math.min(rows - 1, Math.max(0, start.row + down)), column: Math.min(columns - 1, Math.max(0, start.column + right)) };
    store.set(asksFromPatches() ? { cursor: patch, query: `${patch.row},${patch.column}`, pinned: true } : { cursor: patch });
  }

  /** @param {number} id @param {{ x: number, y: number }} from @param {{ x: number, y: number }} to */
  function drag(id, from, to) {
    const { picture } = stage;
    if (!picture) return;
    moved += Math.hypot(to.x - from.x, to.y - from.y);
    const other = [...down].find(([pointer]) => pointer !== id)?.[1];
    down.set(id, to);
    if (other) zoom(Math.hypot(to.x - other.x, to.y - other.y) / Math.max(1, Math.hypot(from.x - other.x, from.y - other.y)), other);
    else if (stage.zoomed) {
      canvas.classList.add('is-panning');
      stage.zoomed = pan(stage.placement, to.x - from.x, to.y - from.y, canvas, picture);
    }
    stage.redraw();
  }

  /** @param {number} factor @param {{ x: number, y: number }} [about] */
  function zoom(factor, about = { x: canvas.width / 2, y: canvas.height / 2 }) {
    const { picture } = stage;
    if (!picture) return;
    stage.zoomed = zoomAbout(stage.placement, factor, about, canvas, picture);
    stage.redraw();
  }

  function reset() {
    stage.zoomed = null;
    stage.redraw();
  }

  const asksFromPatches = () => store.state.wanted !== null && asksFromTokens(store.state.wanted);

  /** A pointer that moves must not send requests. */
  const answersAtOnce = () => localMethods[store.state.wanted?.method.name ?? ''] !== undefined;

  /** @param {{ x: number, y: number }} point */
  function patchUnder({ x, y }) {
    const { screen, picture } = store.state;
    return screen && screen.answer.question.picture === picture ? patchAt(stage.placement, x, y, screen.answer.image.seen, screen.answer.grid) : null;
  }

  /** @param {MouseEvent} event */
  function onCanvas(event) {
    return { x: (event.offsetX * canvas.width) / canvas.clientWidth, y: (event.offsetY * canvas.height) / canvas.clientHeight };
  }

  return { zoom, reset };
}
