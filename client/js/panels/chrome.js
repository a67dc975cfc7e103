import { create, find } from '../dom.js';

/** Help and colour theme. @param {import('../state.js').Store} store */
export function chrome(store) {
  const dialog = find('#help', HTMLDialogElement);
  find('#help-open', HTMLButtonElement).addEventListener('click', () => dialog.showModal());
  dialog.addEventListener('click', ({ target }) => {
    if (target === dialog) dialog.close();
  });
  store.on(['methods'], ({ methods }) =>
    find('#help-methods', HTMLDListElement).replaceChildren(...methods.flatMap(({ title, meaning, paper }) => [create('dt', {}, title), create('dd', {}, `${meaning} ${paper ? `(${paper})` : ''}`)])));

  const key = 'attention-api.theme';
  const root = document.documentElement;
  root.dataset.theme = localStorage.getItem(key) ?? '';
  find('#theme', HTMLButtonElement).addEventListener('click', () => {
    const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    root.dataset.theme = dark ? 'light' : 'dark';
    localStorage.setItem(key, root.dataset.theme);
    store.set({ cursor: null });
  });
}
