import { asksFromTokens, patchOf } from '../compute/effective.js';
import { context, fitCanvas, onNextFrame } from '../dom.js';
import { palette } from './colormaps.js';
import { paintHeat, pixelsIn } from './heat.js';
import { fit, onCanvas, patchRectangle } from './placement.js';

/**
 * @typedef {import('../store.js').State} State
 * @typedef {import('./placement.js').Placement} Placement
 * @typedef {import('./placement.js').Size} Size
 * @typedef {import('../compute/answer.js').Rectangle} Rectangle
 */

/** Pixels that are painted in a few milliseconds. */
const quickPixels = 640_000;
const draftScale = 2;

/** The picture with its heatmap on one canvas. Draws what the store says; `placement` says where the picture lies. */
export class Stage {
  /** @param {HTMLCanvasElement} canvas @param {import('../store.js').Store} store */
  constructor(canvas, store) {
    this.canvas = canvas;
    this.state = store.state;
    /** @type {Placement | null} null: the whole picture */
    this.zoomed = null;
    this.backdrop = remembered();
    this.exact = remembered();
    this.draft = remembered();
    this.resting = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.refining = undefined;
    this.redraw = onNextFrame(() => this.draw());
    this.ground = '';
    store.on(['screen', 'picture', 'cursor', 'pinned'], this.redraw);
    store.on(['picture'], () => (this.zoomed = null));
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

  /** Asks the layout, which a repaint must not: it would wait for every panel that changed. */
  measure() {
    if (fitCanvas(this.canvas)) this.zoomed = null;
    this.ground = getComputedStyle(this.canvas.parentElement ?? this.canvas).backgroundColor;
    this.redraw();
  }

  draw() {
    const started = performance.now();
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
    const scaled = this.backdrop.take([bitmap, placement.zoom, placement.x, placement.y, this.canvas.width, this.canvas.height], (canvas) => {
      canvas.width = this.canvas.width;
      canvas.height = this.canvas.height;
      const target = context(canvas);
      target.imageSmoothingQuality = 'high';
      target.imageSmoothingEnabled = placement.zoom < 4 * devicePixelRatio;
      target.drawImage(bitmap, placement.x, placement.y, size.width * placement.zoom, size.height * placement.zoom);
    });
    ctx.drawImage(scaled, 0, 0);
  }

  /** @param {CanvasRenderingContext2D} ctx @param {import('../compute/screen.js').Screen} screen @param {Placement} placement @param {Size} size */
  drawAnswer(ctx, screen, placement, size) {
    const { answer } = screen;
    const whole = onCanvas(placement, answer.image.seen);
    if (screen.map) this.drawHeat(ctx, screen, screen.map, whole);
    this.dimUnseen(ctx, onCanvas(placement, { x: 0, y: 0, ...size }), whole);
    this.drawMarks(ctx, answer, placement);
  }

  /**
   * While something moves on a large screen, a draft of half the resolution; exact to the pixel once it rests.
   * @param {CanvasRenderingContext2D} ctx @param {import('../compute/screen.js').Screen} screen @param {import('../compute/maps.js').Heatmap} map @param {Rectangle} whole
   */
  drawHeat(ctx, { answer, limits, colormap, shown }, map, whole) {
    const colours = palette(colormap);
    const key = [map, limits.low, limits.high, colours, shown.interpolation, whole.x, whole.y, whole.width, this.canvas.width, this.canvas.height];
    const full = pixelsIn(whole, this.canvas);
    const exact = this.resting || full.width * full.height <= quickPixels || this.exact.holds(key);
    const scale = exact ? 1 : draftScale;
    const shrunk = (/** @type {Rectangle} */ { x, y, width, height }) => ({ x: x / scale, y: y / scale, width: width / scale, height: height / scale });
    const part = exact ? full : pixelsIn(shrunk(whole), shrunk({ x: 0, y: 0, ...sizeOf(this.canvas) }));
    if (part.width <= 0 || part.height <= 0) return;
    const heat = (exact ? this.exact : this.draft).take(key, (canvas) =>
      paintHeat(canvas, map, limits, colours, answer.grid, shrunk(whole), part, shown.interpolation));
    ctx.save();
    // The edge seldom falls between two pixels: clipping shares it out as the picture's own edge is.
    ctx.beginPath();
    ctx.rect(whole.x, whole.y, whole.width, whole.height);
    ctx.clip();
    ctx.globalAlpha = shown.opacity;
    ctx.imageSmoothingEnabled = shown.interpolation !== 'nearest';
    ctx.drawImage(heat, part.x * scale, part.y * scale, part.width * scale, part.height * scale);
    ctx.restore();
    if (!exact) this.refineSoon();
  }

  refineSoon() {
    clearTimeout(this.refining);
    this.refining = setTimeout(() => {
      this.resting = true;
      this.draw();
      this.resting = false;
    }, 120);
  }

  /**
   * What the model did not see lies under a veil of the ground's colour.
   * @param {CanvasRenderingContext2D} ctx @param {Rectangle} all @param {Rectangle} seen
   */
  dimUnseen(ctx, all, seen) {
    ctx.fillStyle = this.ground;
    ctx.globalAlpha = 0.66;
    ctx.beginPath();
    ctx.rect(all.x - 1, all.y - 1, all.width + 2, all.height + 2);
    ctx.rect(seen.x, seen.y, seen.width, seen.height);
    ctx.fill('evenodd');
    ctx.globalAlpha = 1;
  }

  /**
   * The patch that is asked from, and the one under the pointer.
   * @param {CanvasRenderingContext2D} ctx @param {import('../compute/answer.js').Answer} answer @param {Placement} placement
   */
  drawMarks(ctx, { image: { seen }, grid }, placement) {
    const { cursor, screen } = this.state;
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
    if (screen && asksFromTokens(screen.shown) && screen.shown.query?.includes(',')) outline(patchOf(screen.shown.query), 2.5 * devicePixelRatio);
  }
}

/** @param {HTMLCanvasElement} canvas */
const sizeOf = ({ width, height }) => ({ width, height });

/** A canvas that is painted anew only where its key changed. */
function remembered() {
  const canvas = document.createElement('canvas');
  /** @type {unknown[]} */
  let last = [];
  return {
    /** @param {unknown[]} key */
    holds: (key) => key.length === last.length && key.every((part, i) => part === last[i]),

    /** @param {unknown[]} key @param {(canvas: HTMLCanvasElement) => void} paint */
    take(key, paint) {
      if (!this.holds(key)) paint(canvas);
      last = key;
      return canvas;
    },
  };
}
