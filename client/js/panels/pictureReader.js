import { openPicture } from '../canvas/picture.js';
import { Problem } from '../network/problems.js';
import { atRest } from '../store.js';

/** @typedef {import('../canvas/picture.js').Picture} Picture */

/** Decodes what was chosen last, and says so while it takes its time: large photographs need a second. */
export class PictureReader {
  #turn = 0;
  /** @type {import('../store.js').Status | null} */
  #said = null;
  #store;

  /** @param {import('../store.js').Store} store */
  constructor(store) {
    this.#store = store;
  }

  /**
   * @param {() => Blob | Promise<Blob>} load @param {string} name @param {string} sample
   * @returns {Promise<Picture | null>} null where another picture was chosen since, it was cancelled, or cannot be loaded
   */
  async read(load, name, sample) {
    const turn = ++this.#turn;
    // Without a model nothing would follow, and what the page says of that stays.
    if (this.#store.state.models.length > 0) this.#store.set({ status: (this.#said = { phase: 'loading', message: 'Reading the picture…' }) });
    try {
      const picture = await openPicture(await load(), name, sample);
      if (turn !== this.#turn) return null;
      this.#leave();
      return picture;
    } catch {
      const problem = Problem.ofPage('The picture cannot be loaded', 'The server does not give it now. Choose it again.');
      if (turn === this.#turn) this.#store.set({ status: { phase: 'error', problem } });
      return null;
    }
  }

  cancel() {
    this.#turn++;
    this.#leave();
  }

  #leave() {
    const { state } = this.#store;
    if (state.status === this.#said) this.#store.set({ status: atRest(state) });
  }
}
