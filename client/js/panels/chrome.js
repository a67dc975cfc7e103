import { create, find } from '../dom.js';

/** Help and colour theme. @param {import('../store.js').Store} store */
export function chrome(store) {
  const dialog = find('#help', HTMLDialogElement);
  find('#help-open', HTMLButtonElement).addEventListener('click', () => dialog.showModal());
  dialog.addEventListener('click', ({ target }) => {
    if (target === dialog) dialog.close();
  });
  store.on(['methods'], ({ methods }) =>
    find('#help-methods', HTMLDListElement).replaceChildren(...methods.flatMap(({ title, meaning, limits, paper }) =>
      [create('dt', {}, title), create('dd', {}, [meaning, limits, paper && `(${paper})`].filter(Boolean).join(' '))])));

  keepTheme(store);
}

/** The system's theme, until the user chooses one. @param {import('../store.js').Store} store */
function keepTheme(store) {
  const key = 'attention-api.theme';
  const system = matchMedia('(prefers-color-scheme: dark)');
  const apply = () => {
    const chosen = localStorage.getItem(key);
    document.documentElement.dataset.theme = chosen ?? '';
    store.set({ theme: chosen === 'dark' || (!chosen && system.matches) ? 'dark' : 'light' });
  };
  apply();
  system.addEventListener('change', apply);
  find('#theme', HTMLButtonElement).addEventListener('click', () => {
    localStorage.setItem(key, store.state.theme === 'dark' ? 'light' : 'dark');
    apply();
  });
}
