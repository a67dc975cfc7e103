/**
 * Moves chips by their grip: `moveOver` is told which one lies over which.
 * @param {HTMLElement} list @param {(target: EventTarget | null) => string | undefined} labelOf @param {(label: string, over: string) => void} moveOver
 */
export function draggable(list, labelOf, moveOver) {
  list.addEventListener('pointerdown', (event) => {
    const label = event.target instanceof Element && event.target.closest('.grip') ? labelOf(event.target) : undefined;
    if (label === undefined) return;
    event.preventDefault();
    const mark = (/** @type {boolean} */ on) => list.querySelector(`[data-label="${CSS.escape(label)}"]`)?.classList.toggle('is-dragged', on);
    mark(true);
    const drag = (/** @type {PointerEvent} */ { clientX, clientY }) => {
      const over = labelOf(document.elementFromPoint(clientX, clientY));
      if (over !== undefined && over !== label) moveOver(label, over);
      // A move builds the chips anew.
      mark(true);
    };
    document.addEventListener('pointermove', drag);
    const stop = () => {
      document.removeEventListener('pointermove', drag);
      mark(false);
    };
    for (const end of ['pointerup', 'pointercancel']) document.addEventListener(end, stop, { once: true });
  });
}
