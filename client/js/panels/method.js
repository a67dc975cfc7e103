import { choices, create, find, slider } from '../dom.js';
import { offered } from '../maps.js';

const viewNotes = {
  cosine: 'Read literally: in many models the background answers.',
  centered: 'What this label has more of than the labels on average.',
  softmax: 'Each patch as if it were a picture, scored over the labels.',
  contrast: 'Where this label fits better than the other.',
};

/** Method, and the parameters that it takes. @param {import('../state.js').Store} store */
export function methodPanel(store) {
  const methods = choices('#methods', (method) => store.set({ method }));
  const fusion = choices('#fusion', (headFusion) => store.set({ headFusion, head: null }));
  const head = find('#head', HTMLSelectElement);
  const residual = slider('residual', (value) => store.set({ residual: value }), (value) => String(value));
  const discard = slider('discard', (value) => store.set({ discard: value }), (value) => `${Math.round(100 * value)} %`);
  const view = find('#view', HTMLSelectElement);
  const versus = find('#versus', HTMLInputElement);
  head.addEventListener('change', () => store.set({ head: head.value ? Number(head.value) : null }));
  view.addEventListener('change', () => store.set({ view: /** @type {import('../views.js').View} */ (view.value) }));
  versus.addEventListener('change', () => store.set({ versus: versus.value.trim() || null }));

  store.on(['methods'], (state) => {
    const known = state.methods.filter(({ name }) => ['rollout', 'attention', 'alignment'].includes(name));
    methods.group.replaceChildren(methods.group.children[0], ...known.map(({ name, title, meaning, paper }) =>
      create('label', { class: 'choice', title: paper }, create('input', { type: 'radio', name: 'method', value: name }),
        create('span', { class: 'title' }, title), ' ', create('span', { class: 'reason' }), create('span', { class: 'meaning' }, meaning))));
    methods.show(state.method);
  });

  store.on(['screen', 'methods', 'models'], ({ screen, models, ...settings }) => {
    if (!screen) return;
    const { shown, answer } = screen;
    const model = models.find(({ id }) => id === answer.model.id);
    methods.show(shown.method);
    for (const { value } of methods.group.querySelectorAll('input')) {
      const able = value !== 'alignment' || answer.hasAlignment;
      methods.enable(value, able);
      const reason = methods.group.querySelector(`.choice:has([value=${value}]) .reason`);
      if (reason) reason.textContent = able ? '' : model?.methods.includes(value) ? '· add a label first' : '· not offered by this model';
    }
    find('#attention-options', HTMLDivElement).hidden = shown.method === 'alignment';
    find('#rollout-options', HTMLDivElement).hidden = shown.method !== 'rollout';
    find('#alignment-options', HTMLDivElement).hidden = shown.method !== 'alignment';

    fusion.show(shown.head === null ? shown.headFusion : null);
    if (head.options.length !== answer.heads + 1) {
      head.replaceChildren(create('option', { value: '' }, 'One…'), ...Array.from({ length: answer.heads }, (_, i) => create('option', { value: String(i + 1) }, `Head ${i + 1}`)));
    }
    head.value = String(settings.head ?? '');
    residual.show(shown.residual);
    discard.show(shown.discard);

    for (const option of view.options) {
      const name = /** @type {import('../views.js').View} */ (option.value);
      option.disabled = name !== 'contrast' && answer.hasAlignment && !offered(name, shown, answer, shown.labels);
    }
    view.value = settings.view;
    find('#versus-row', HTMLLabelElement).hidden = settings.view !== 'contrast';
    if (document.activeElement !== versus) versus.value = settings.versus ?? '';
    versus.placeholder = model?.text ? 'the empty text' : 'name a class';
    find('#versus-list', HTMLDataListElement).replaceChildren(...shown.labels.filter((label) => label !== shown.target).map((value) => create('option', { value })));
    find('#view-note', HTMLParagraphElement).textContent = viewNotes[settings.view];
  });
}
