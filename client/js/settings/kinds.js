import { fromCsv, toCsv } from './csv.js';

/**
 * How a control shows a setting, or a parameter that a method declares.
 * @typedef {object} Control
 * @property {'slider' | 'number' | 'segments' | 'select' | 'flag' | 'text'} kind
 * @property {string} title
 * @property {string} [hint]
 * @property {number} [minimum]
 * @property {number} [maximum]
 * @property {number} [step]
 * @property {Choice[]} [choices]
 * @property {(value: number) => string} [inWords]
 * @property {string} [placeholder]
 */

/** @typedef {{ value: string, title: string }} Choice */

/**
 * One setting. Its name is the one in the state, in the address and in the API's query.
 * @template T
 * @typedef {object} Setting
 * @property {T} default
 * @property {(text: string) => T | undefined} read from the address; undefined for what is not a value
 * @property {(value: any) => string} write
 * @property {boolean} [step] a change of it is a step that "back" undoes; the others only follow along
 * @property {Record<string, unknown>} [sent] the endpoints that take it, with their own defaults
 * @property {Control} [control] absent: a panel has a control of its own for it
 */

/** @typedef {{ step?: boolean, sent?: Record<string, unknown>, control?: Control }} More */

/** @param {More} [more] @returns {Setting<string | null>} */
export const text = (more) => ({ default: null, read: (value) => value || undefined, write: String, ...more });

/** @param {RegExp} form @returns {Setting<string | null>} */
export const formed = (form) => ({ default: null, read: (value) => (form.test(value) ? value : undefined), write: String });

/** Labels or names. @param {More} [more] @returns {Setting<string[]>} */
export const labelList = (more) => ({ default: [], read: fromCsv, write: toCsv, ...more });

/**
 * One of a few words.
 * @template {string} W
 * @template {W | null} D @param {readonly W[]} words @param {D} fallback @param {More} [more]
 * @returns {Setting<W | D>}
 */
export const word = (words, fallback, more) =>
  ({ default: fallback, read: (value) => words.find((each) => each === value), write: String, ...more });

/** @param {More} [more] @returns {Setting<boolean>} */
export const flag = (more) => ({ default: false, read: (value) => (value === 'true' ? true : value === 'false' ? false : undefined), write: String, ...more });

/** @template {number | null} D @param {number} low @param {number} high @param {D} fallback @param {More} [more] @returns {Setting<number | D>} */
export const whole = (low, high, fallback, more) =>
  ({ default: fallback, read: (value) => (/^\d+$/.test(value) ? within(Number(value), low, high) : undefined), write: String, ...more });

/** @param {number} low @param {number} high @param {number} fallback @param {More} [more] @returns {Setting<number>} */
export const real = (low, high, fallback, more) =>
  ({ default: fallback, read: (value) => within(Number(value || NaN), low, high), write: String, ...more });

/** @param {number} value @param {number} low @param {number} high */
export const within = (value, low, high) => (value >= low && value <= high ? value : undefined);
