import { find, afterNextFrame } from '../dom.js';
import { difference } from './compareDifference.js';
import { expected } from './compareExpected.js';
import { headGrid } from './compareHeads.js';
import { labelFigures } from './compareLabels.js';
import { methodFigures } from './compareMethods.js';
import { modelFigures, otherModels } from './compareModels.js';
import { trajectoryPlot } from './compareTrajectory.js';

/**
 * One tab: shows itself in a container for what is on screen, or gives the reason why it cannot.
 * @typedef {(view: HTMLElement, screen: import('../compute/screen.js').Screen, store: import('../store.js').Store) => string | void} View
 */

/** @type {Record<string, View>} */
const views = { heads: headGrid, labels: labelFigures, methods: methodFigures, models: modelFigures, difference, trajectory: trajectoryPlot, expected };

/** Labels, methods, models, difference, trajectory and heads below the picture; the open tab alone is computed. @param {import('../store.js').Store} store */
export function comparePanel(store) {
  const container = find('#compare-view', HTMLDivElement);
  const tabs = /** @type {HTMLButtonElement[]} */ ([...document.querySelectorAll('[role=tab]')]);
  let built = '';

  for (const [index, tab] of tabs.entries()) {
    const name = /** @type {import('../store.js').Settings['compare']} */ (tab.dataset.compare);
    tab.addEventListener('click', () => store.set({ compare: name }));
    tab.addEventListener('keydown', (event) => {
      const { key } = event;
      const there = tabs.filter(({ hidden }) => !hidden);
      const at = there.indexOf(tabs[index]);
      const next = { ArrowRight: at + 1, ArrowLeft: at - 1 + there.length, Home: 0, End: there.length - 1 }[key];
      if (next === undefined) return;
      event.preventDefault();
      there[next % there.length].focus();
    });
  }

  const show = afterNextFrame(() => {
    const { compare, screen } = store.state;
    if (!screen) return;
    if (built !== compare) container.replaceChildren();
    built = compare;
    const reason = views[compare](container, screen, store);
    if (reason) {
      built = '';
      container.replaceChildren(reason);
    }
  });

  store.on(['compare', 'screen', 'status', 'models', 'compareMethods', 'compareModel'], (state) => {
    const { compare } = state;
    find('#tab-models', HTMLButtonElement).hidden = compare !== 'models' && otherModels(state).length === 0;
    for (const tab of tabs) {
      const open = tab.dataset.compare === compare;
      tab.setAttribute('aria-selected', String(open));
      tab.tabIndex = open ? 0 : -1;
    }
    container.setAttribute('aria-labelledby', `tab-${compare}`);
    show();
  });
}
