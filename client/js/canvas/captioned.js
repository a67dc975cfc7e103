import { context } from '../dom.js';
import { palette } from './colormaps.js';
import { Painter } from './painter.js';

/**
 * @typedef {object} Words
 * @property {string} sentence
 * @property {string} caption
 * @property {{ low: string, high: string }} ends of the colours
 * @property {string[]} numbers at the low end, in the middle and at the high end
 */

/** @typedef {{ ground: string, text: string, muted: string, font: string }} Colors */

/** Pixels of the copy for each CSS pixel on screen: it is pasted into slides and documents. */
export const copyScale = 2;

const unit = 8 * copyScale;
const large = 15 * copyScale;
const small = 12.5 * copyScale;
const lineHeight = 1.4;

/**
 * The picture as it is on screen, whole, with its caption and colour bar below it.
 * @param {import('../compute/screen.js').Screen} screen @param {Words} words @param {number} width of the copy @param {Colors} colors
 */
export function captionedPicture(screen, { sentence, caption, ends, numbers }, width, { ground, text, muted, font }) {
  const { answer: { image, question: { picture } }, map, colormap } = screen;
  const zoom = width / image.width;
  const height = Math.round(image.height * zoom);
  const shown = document.createElement('canvas');
  shown.width = width;
  shown.height = height;
  const painter = new Painter(shown);
  const placement = { zoom, x: 0, y: 0 };
  if (picture.bitmap) painter.paintPicture(picture.bitmap, image, placement);
  painter.paintMap(screen, image, placement, true);
  painter.paintVeil(image, placement, image.seen, ground);

  const measure = context(document.createElement('canvas'));
  const room = width - 2 * unit;
  const lines = [
    ...wrapped(measure, sentence, `600 ${large}px ${font}`, room).map((line) => ({ line, size: large, weight: 600, color: text })),
    ...wrapped(measure, caption, `400 ${small}px ${font}`, room).map((line) => ({ line, size: small, weight: 400, color: muted })),
  ];
  const textHeight = lines.reduce((sum, { size }) => sum + size * lineHeight, 0);
  const barHeight = map ? unit + unit + 2 * small * lineHeight : 0;

  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = Math.ceil(height + unit + textHeight + barHeight + unit);
  const ctx = context(canvas);
  ctx.fillStyle = ground;
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.drawImage(shown, 0, 0);
  ctx.textBaseline = 'top';
  let y = height + unit;
  for (const { line, size, weight, color } of lines) {
    ctx.font = `${weight} ${size}px ${font}`;
    ctx.fillStyle = color;
    ctx.fillText(line, unit, y);
    y += size * lineHeight;
  }
  if (!map) return canvas;

  y += unit / 2;
  const step = room / 256;
  for (const [index, pixel] of palette(colormap).entries()) {
    ctx.fillStyle = `rgb(${pixel & 255} ${(pixel >> 8) & 255} ${(pixel >> 16) & 255})`;
    ctx.fillRect(unit + index * step, y, Math.ceil(step), unit);
  }
  y += unit * 1.25;
  ctx.font = `400 ${small}px ${font}`;
  for (const [row, [low, middle, high], color] of /** @type {const} */ ([[0, numbers, muted], [1, [ends.low, '', ends.high], text]])) {
    ctx.fillStyle = color;
    for (const [index, [align, words]] of /** @type {const} */ ([['left', low], ['center', middle], ['right', high]]).entries()) {
      ctx.textAlign = align;
      ctx.fillText(words, unit + (room * index) / 2, y + row * small * lineHeight);
    }
  }
  return canvas;
}

/** Lines of a text that fit a width. @param {CanvasRenderingContext2D} ctx @param {string} text @param {string} font @param {number} width */
function wrapped(ctx, text, font, width) {
  ctx.font = font;
  /** @type {string[]} */
  const lines = [];
  for (const word of text.split(' ')) {
    const longer = lines.length ? `${lines[lines.length - 1]} ${word}` : word;
    if (lines.length && ctx.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
