import { context, fitCanvas, onNextFrame } from './dom.js';
import { paintHeat, pixelsIn } from './heat.js';
import { fit, onCanvas, patchRectangle } from './placement.js';

/**
 * @typedef {import('./state.js').State} State
 * @typedef {import('./placement.js').Placement} Placement
 * @typedef {import('./placement.js').Size} Size
 */

/** The picture with its heatmap on one canvas. Draws what the store says; `placement` says where the picture lies. */
export class Stage {
  /** @param {HTMLCanvasElement} canvas @param {import('./state.js').Store} store */
  constructor(canvas, store) {
    this.canvas = canvas;
    this.state = store.state;
    /** @type {Placement | null} null: the whole picture */
    this.zoomed = null;
    this.backdrop = remembered();
    this.heat = remembered();
    this.redraw = onNextFrame(() => this.draw());
    store.on(['screen', 'picture', 'cursor', 'pinned', 'opacity', 'interpolation'], this.redraw);
    store.on(['picture'], () => (this.zoomed = null));
    new ResizeObserver(this.redraw).observe(canvas);
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

  draw() {
    const started = performance.now();
    if (fitCanvas(this.canvas)) this.zoomed = null;
    const ctx = context(this.canvas);
    ctx.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const { picture: size, placement } = this;
    const { picture, screen } = this.state;
    if (!size || !picture) return;
    this.drawPicture(ctx, picture.bitmap, size, placement);
    if (screen && screen.answer.question.picture === picture) this.drawAnswer(ctx, screen, placement, size);
    performance.measure('repaint', { start: started });
  }

  /** @param {CanvasRenderingContext2D} ctx @param {ImageBitmap | null} bitmap @param {Size} size @param {Placement} placement */
  drawPicture(ctx, bitmap, size, placement) {
    if (!bitmap) return;
    // Resampling a large photograph takes longer than a frame; it is done once for each placement.
    const scaled = this.backdrop([bitmap, placement.zoom, placement.x, placement.y, this.canvas.width, this.canvas.height], (canvas) => {
      canvas.width = this.canvas.width;
      canvas.height = this.canvas.height;
      const target = context(canvas);
      target.imageSmoothingQuality = 'high';
      target.imageSmoothingEnabled = placement.zoom < 4 * devicePixelRatio;
      target.drawImage(bitmap, placement.x, placement.y, size.width * placement.zoom, size.height * placement.zoom);
    });
    ctx.drawImage(scaled, 0, 0);
  }

  /** @param {CanvasRenderingContext2D} ctx @param {import('./screen.js').Screen} screen @param {Placement} placement @param {Size} size */
  drawAnswer(ctx, { answer, map, limits, colours, shown }, placement, size) {
    const { seen } = answer.image;
    const whole = onCanvas(placement, seen);
    const part = pixelsIn(whole, this.canvas);
    if (part.width > 0 && part.height > 0) {
      const key = [map, limits.low, limits.high, colours, shown.interpolation, whole.x, whole.y, whole.width, part.x, part.y, part.width, part.height];
      const heat = this.heat(key, (canvas) => paintHeat(canvas, map, limits, colours, answer.grid, whole, part, shown.interpolation));
      ctx.globalAlpha = shown.opacity;
      ctx.drawImage(heat, part.x, part.y);
      ctx.globalAlpha = 1;
    }
    this.dimUnseen(ctx, onCanvas(placement, { x: 0, y: 0, ...size }), whole);
    this.drawMarks(ctx, answer, placement);
  }

  /** What the model did not see lies under a veil of the ground's colour. @param {CanvasRenderingContext2D} ctx @param {import('./answer.js').Rectangle} all @param {import('./answer.js').Rectangle} seen */
  dimUnseen(ctx, all, seen) {
    ctx.fillStyle = getComputedStyle(this.canvas.parentElement ?? this.canvas).backgroundColor;
    ctx.globalAlpha = 0.66;
    ctx.beginPath();
    ctx.rect(all.x, all.y, all.width, all.height);
    ctx.rect(seen.x, seen.y, seen.width, seen.height);
    ctx.fill('evenodd');
    ctx.globalAlpha = 1;
  }

  /** The patch that is asked from, and the one under the pointer. @param {CanvasRenderingContext2D} ctx @param {import('./answer.js').Answer} answer @param {Placement} placement */
  drawMarks(ctx, { image: { seen }, grid }, placement) {
    const { cursor, screen } = this.state;
    const shown = screen?.shown;
    const outline = (/** @type {{ row: number, column: number }} */ patch, /** @type {number} */ width) => {
      const { x, y, width: w, height: h } = onCanvas(placement, patchRectangle(patch, seen, grid));
      ctx.lineWidth = width + 2 * devicePixelRatio;
      ctx.strokeStyle = '#000000b0';
      ctx.strokeRect(x, y, w, h);
      ctx.lineWidth = width;
      ctx.strokeStyle = '#ffffff';
      ctx.strokeRect(x, y, w, h);
    };
    if (cursor) outline(cursor, devicePixelRatio);
    if (shown && shown.method !== 'alignment' && shown.query.includes(',')) {
      const [row, column] = shown.query.split(',').map(Number);
      outline({ row, column }, 2.5 * devicePixelRatio);
    }
  }
}

/** A canvas that is painted anew only where its key changed. */
function remembered() {
  const canvas = document.createElement('canvas');
  /** @type {unknown[]} */
  let last = [];
  return (/** @type {unknown[]} */ key, /** @type {(canvas: HTMLCanvasElement) => void} */ paint) => {
    if (key.length !== last.length || key.some((part, i) => part !== last[i])) paint(canvas);
    last = key;
    return canvas;
  };
}
