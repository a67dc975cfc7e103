import { asksFromTokens, patchOf } from '../compute/effective.js';
import { context, fitCanvas, onNextFrame } from '../dom.js';
import { outlinePatch } from './marks.js';
import { Painter } from './painter.js';
import { fit } from './placement.js';
import { drawRegions } from './regionMarks.js';

/**
 * @typedef {import('../store.js').State} State
 * @typedef {import('./placement.js').Placement} Placement
 * @typedef {import('./placement.js').Size} Size
 */

/** Milliseconds without a change after which a draft becomes exact. */
const rest = 120;

/** The picture with its heatmap on one canvas. Draws what the store says; `placement` says where the picture lies. */
export class Stage {
  /** @param {HTMLCanvasElement} canvas @param {import('../store.js').Store} store */
  constructor(canvas, store) {
    this.canvas = canvas;
    this.state = store.state;
    this.painter = new Painter(canvas);
    /** @type {Placement | null} null: the whole picture */
    this.zoomed = null;
    this.resting = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.refining = undefined;
    this.redraw = onNextFrame(() => this.draw());
    this.ground = '';
    store.on(['screen', 'picture', 'cursor', 'hover', 'found'], this.redraw);
    store.on(['picture'], () => this.show(null));
    store.on(['theme'], () => this.measure());
    new ResizeObserver(() => this.measure()).observe(canvas);
  }

  /** The picture's size in its own pixels, as the server counts them. @returns {Size | null} */
  get picture() {
    const { screen, picture } = this.state;
    if (screen && screen.answer.question.picture === picture) return screen.answer.image;
    return picture?.bitmap ?? null;
  }

  get placement() {
    return this.zoomed ?? fit(this.canvas, this.picture ?? { width: 1, height: 1 });
  }

  /** @param {Placement | null} placement null: the whole picture */
  show(placement) {
    this.zoomed = placement;
    // A finger moves a picture that is zoomed, and scrolls the page over one that is not.
    this.canvas.classList.toggle('is-zoomed', placement !== null && placement.zoom > 1.01 * fit(this.canvas, this.picture ?? { width: 1, height: 1 }).zoom);
    this.redraw();
  }

  /** Asks the layout, which a repaint must not: it would wait for every panel that changed. */
  measure() {
    if (fitCanvas(this.canvas)) this.show(null);
    this.ground = getComputedStyle(this.canvas.parentElement ?? this.canvas).backgroundColor;
    this.redraw();
  }

  draw() {
    const started = performance.now();
    context(this.canvas).clearRect(0, 0, this.canvas.width, this.canvas.height);
    const { picture: size, placement } = this;
    const { picture, screen } = this.state;
    if (!size || !picture) return;
    if (picture.bitmap) this.painter.paintPicture(picture.bitmap, size, placement);
    if (screen && screen.answer.question.picture === picture) {
      if (!this.painter.paintMap(screen, size, placement, this.resting)) this.refineSoon();
      this.painter.paintVeil(size, placement, screen.answer.image.seen, this.ground);
      if (this.state.found?.picture === picture) drawRegions(context(this.canvas), this.state.found, placement);
      this.drawMarks(screen, placement);
    }
    performance.measure('repaint', { start: started });
  }

  refineSoon() {
    clearTimeout(this.refining);
    this.refining = setTimeout(() => {
      this.resting = true;
      this.draw();
      this.resting = false;
    }, rest);
  }

  /** The patch that is asked from, and the one under the pointer. @param {import('../compute/screen.js').Screen} screen @param {Placement} placement */
  drawMarks({ answer: { image: { seen }, grid }, shown }, placement) {
    const { cursor } = this.state;
    if (cursor) outlinePatch(this.canvas, placement, cursor, seen, grid, 1);
    if (asksFromTokens(shown) && shown.query?.includes(',')) outlinePatch(this.canvas, placement, patchOf(shown.query), seen, grid, 2.5);
  }
}
