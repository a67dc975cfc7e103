/** @typedef {import('../network/api.js').ModelInfo} ModelInfo */

/** The sizes that a model takes, in pixels a side, its own among them; none where there is no choice. @param {ModelInfo} model @returns {number[]} */
export function sizesOf({ resolutions, imageSize }) {
  if (!resolutions || !imageSize) return [];
  const { minimum, maximum, step } = resolutions;
  const sizes = Array.from({ length: Math.floor((maximum - minimum) / step) + 1 }, (_, index) => minimum + index * step);
  return [...new Set([...sizes, imageSize.width])].sort((one, other) => one - other);
}

/**
 * The size to ask for; null where it is the model's own, or one that the model does not take.
 * @param {ModelInfo} model @param {number | null} chosen
 */
export const resolutionOf = (model, chosen) =>
  chosen !== null && chosen !== model.imageSize?.width && sizesOf(model).includes(chosen) ? chosen : null;
