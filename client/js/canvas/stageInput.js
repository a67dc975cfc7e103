import { asksFromTokens, patchOf } from '../compute/effective.js';
import { patchAt, pan, zoomAbout } from './placement.js';

/** @typedef {import('./stage.js').Stage} Stage @typedef {{ row: number, column: number }} Patch */

/**
 * Pointer and keys on the stage: hover asks or reads, click pins, drag moves, wheel and pinch zoom, arrows walk over the patches.
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
    else pointAt(patchUnder(point));
  });
  canvas.addEventListener('pointerleave', ({ pointerType }) => {
    // A finger leaves when it is lifted; what it pointed at is still to be read.
    if (down.size === 0 && pointerType !== 'touch') store.set({ cursor: null });
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
    Escape: () => store.set({ query: null, hover: 'ask', cursor: null }),
    '+': () => zoom(1.4), '=': () => zoom(1.4), '-': () => zoom(1 / 1.4), 0: () => stage.show(null),
    ' ': () => store.set({ playing: !store.state.playing }),
  };

  /** @param {Patch | null} patch */
  function pointAt(patch) {
    const { cursor } = store.state;
    if (patch?.row !== cursor?.row || patch?.column !== cursor?.column) store.set({ cursor: patch, keyed: false });
  }

  /** A click on a patch makes it the query and keeps it; on the pinned patch itself, lets go. @param {Patch | null} patch */
  function pin(patch) {
    if (!patch) return;
    if (!asks()) return store.set({ cursor: patch });
    const query = textOf(patch);
    const pinned = store.state.hover === 'read' && store.state.query === query;
    store.set(pinned ? { query: null, hover: 'ask', cursor: null } : { query, hover: 'read', cursor: patch });
  }

  /** @param {number} down @param {number} right */
  function walk(down, right) {
    const { screen, cursor } = store.state;
    if (!screen) return;
    const { rows, columns } = screen.answer.grid;
    const { query } = screen.shown;
    const start = cursor ?? (query?.includes(',') ? patchOf(query) : { row: rows >> 1, column: columns >> 1 });
    const patch = { row: Math.min(rows - 1, Math.max(0, start.row + down)), column: Math.min(columns - 1, Math.max(0, start.column + right)) };
    store.set({ cursor: patch, keyed: true, ...(asks() ? { query: textOf(patch), hover: 'read' } : {}) });
  }

  /** @param {number} id @param {{ x: number, y: number }} from @param {{ x: number, y: number }} to */
  function drag(id, from, to) {
    const { picture } = stage;
    if (!picture) return;
    moved += Math.hypot(to.x - from.x, to.y - from.y);
    const other = [...down].find(([pointer]) => pointer !== id)?.[1];
    down.set(id, to);
    if (other) return zoom(Math.hypot(to.x - other.x, to.y - other.y) / Math.max(1, Math.hypot(from.x - other.x, from.y - other.y)), other);
    if (!stage.zoomed) return;
    canvas.classList.add('is-panning');
    stage.show(pan(stage.placement, to.x - from.x, to.y - from.y, canvas, picture));
  }

  /** @param {number} factor @param {{ x: number, y: number }} [about] */
  function zoom(factor, about = { x: canvas.width / 2, y: canvas.height / 2 }) {
    const { picture } = stage;
    if (picture) stage.show(zoomAbout(stage.placement, factor, about, canvas, picture));
  }

  const asks = () => store.state.wanted !== null && asksFromTokens(store.state.wanted);

  /** @param {{ x: number, y: number }} point */
  function patchUnder({ x, y }) {
    const { screen, picture } = store.state;
    return screen && screen.answer.question.picture === picture ? patchAt(stage.placement, x, y, screen.answer.image.seen, screen.answer.grid) : null;
  }

  /** @param {MouseEvent} event */
  function onCanvas(event) {
    return { x: (event.offsetX * canvas.width) / canvas.clientWidth, y: (event.offsetY * canvas.height) / canvas.clientHeight };
  }

  return { zoom, reset: () => stage.show(null) };
}

/** A patch as a query names it. @param {Patch} patch */
const textOf = ({ row, column }) => `${row},${column}`;
