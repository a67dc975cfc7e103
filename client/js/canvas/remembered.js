/** A canvas that is painted anew only where its key changed. */
export function remembered() {
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
