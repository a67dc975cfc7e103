/**
 * Answers that are kept, so that going back asks nothing: the latest, and no more than so many.
 * @template V
 */
export class Kept {
  /** @param {number} most */
  constructor(most) {
    this.most = most;
    /** @type {Map<string, V>} */
    this.answers = new Map();
  }

  /** @param {string} question */
  get(question) {
    return this.answers.get(question);
  }

  /** @param {string} question @param {V} answer */
  set(question, answer) {
    this.answers.delete(question);
    this.answers.set(question, answer);
    if (this.answers.size > this.most) this.answers.delete(/** @type {string} */ (this.answers.keys().next().value));
  }

  clear() {
    this.answers.clear();
  }
}
