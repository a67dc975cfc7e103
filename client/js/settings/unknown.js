import { ownParameters } from './declared.js';

/**
 * What an address names that this server does not have: set back to the default, and said.
 * @param {import('./table.js').Settings} settings
 * @param {{ id: string }[]} models @param {import('../network/api.js').Method[]} methods
 * @returns {{ settings: Partial<import('./table.js').Settings>, notices: string[] }}
 */
export function withoutUnknown({ model, method, compareModel, compareMethods, parameters }, models, methods) {
  /** @type {Partial<import('./table.js').Settings>} */
  const settings = {};
  const notices = [];
  if (model !== null && !models.some(({ id }) => id === model)) {
    settings.model = null;
    notices.push(`The link names the model “${model}”, which this server does not have; another one is shown.`);
  }
  if (method !== null && !methods.some(({ name }) => name === method)) {
    settings.method = null;
    notices.push(`The link names the method “${method}”, which this server does not have; another one is shown.`);
  }
  if (compareModel !== null && !models.some(({ id }) => id === compareModel)) {
    settings.compareModel = null;
    notices.push(`The link compares with the model “${compareModel}”, which this server does not have.`);
  }
  const others = compareMethods.filter((other) => !methods.some(({ name }) => name === other));
  if (others.length) {
    settings.compareMethods = compareMethods.filter((name) => !others.includes(name));
    notices.push(`The link compares methods that this server does not have: ${others.join(', ')}.`);
  }
  const declared = new Set(methods.flatMap((each) => ownParameters(each).map(({ name }) => name)));
  if (Object.keys(parameters).some((name) => !declared.has(name))) {
    settings.parameters = Object.fromEntries(Object.entries(parameters).filter(([name]) => declared.has(name)));
  }
  return { settings, notices };
}
