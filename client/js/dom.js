/**
 * The one element that a selector names; the page's markup is fixed, so that a missing one is a mistake.
 * @template {Element} T @param {string} selector @param {new () => T} type @param {ParentNode} [root] @returns {T}
 */
export function find(selector, type, root = document) {
  const element = root.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`The page has no ${type.name} '${selector}'.`);
  return element;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Partial<Omit<HTMLElementTagNameMap[K], 'attributes'>> & { class?: string, attributes?: Record<string, string> }} [properties]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function create(tag, properties = {}, ...children) {
  const { class: className, attributes, ...others } = properties;
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const [name, value] of Object.entries(attributes ?? {})) element.setAttribute(name, value);
  Object.assign(element, others);
  element.append(...children);
  return element;
}

/** An icon of icons.svg. @param {string} name */
export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `icons.svg#${name}`);
  svg.append(use);
  return svg;
}

/** The radio buttons of a fieldset: calls `choose` with the value that was picked. @param {string} selector @param {(value: any) => void} choose */
export function choices(selector, choose) {
  const group = find(selector, HTMLFieldSetElement);
  group.addEventListener('change', ({ target }) => {
    if (target instanceof HTMLInputElement && target.type === 'radio') choose(target.value);
  });
  return {
    group,
    /** @param {string | null} value */
    show(value) {
      for (const input of group.querySelectorAll('input')) input.checked = input.value === value;
    },
    /** @param {string} value @param {boolean} enabled */
    enable(value, enabled) {
      for (const input of group.querySelectorAll('input')) if (input.value === value) input.disabled = !enabled;
    },
  };
}

/** Gives a canvas the pixels of its box on this screen; true where that changed its size. @param {HTMLCanvasElement} canvas */
export function fitCanvas(canvas) {
  const width = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio));
  const height = Math.max(1, Math.round(canvas.clientHeight * devicePixelRatio));
  if (canvas.width === width && canvas.height === height) return false;
  canvas.width = width;
  canvas.height = height;
  return true;
}

/** @param {HTMLCanvasElement | OffscreenCanvas} canvas */
export function context(canvas) {
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
}

/** Runs `draw` before the next frame, once for all calls until then. @param {() => void} draw */
export const onNextFrame = (draw) => coalesced(draw, requestAnimationFrame);

/** Runs `draw` after the next frame is on screen: what may come a moment later must not delay it. @param {() => void} draw */
export const afterNextFrame = (draw) => coalesced(draw, (run) => requestAnimationFrame(() => setTimeout(run)));

/** @param {() => void} draw @param {(run: () => void) => void} schedule */
function coalesced(draw, schedule) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    schedule(() => {
      waiting = false;
      draw();
    });
  };
}

/** Three significant digits, as a point of the scale. @param {number} value */
export function short(value) {
  if (value === 0) return '0';
  const size = Math.abs(value);
  return (size >= 1000 || size < 1e-4 ? value.toExponential(2) : value.toPrecision(3)).replace('-', '−');
}
