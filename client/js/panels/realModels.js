import { create, find } from '../dom.js';
import { listRealModels } from '../network/api.js';
import { copyText } from './clipboard.js';
import { sayProblem } from './problem.js';

const run = 'dotnet run --project src/AttentionApi -- models pull';
const megabytesPerSecond = 12.5;

/** How to come by a real model: one command, and what it costs. The list is the one that `models pull --list` prints. */
export function realModelsPanel() {
  const details = find('#real-models', HTMLDetailsElement);
  const choice = find('#real-model', HTMLSelectElement);
  const command = find('#real-model-command', HTMLElement);
  const copied = find('#real-model-copied', HTMLElement);
  /** @type {import('../network/api.js').RealModel[]} */
  let models = [];

  const show = () => {
    const model = models[choice.selectedIndex];
    if (!model) return;
    const [[, size], ...others] = Object.entries(model.megabytes);
    const smaller = others.map(([precision, megabytes]) => `--precision ${precision} (${megabytes} MB)`).join(', ');
    command.textContent = `${run} ${model.repository}`;
    find('#real-model-cost', HTMLElement).textContent = `About ${size} MB: ${Math.ceil(size / megabytesPerSecond)} seconds at 100 Mbit/s. ${model.kind}. `
      + `Licence: ${model.licence}.${smaller && ` Smaller: ${smaller}.`}`;
    copied.textContent = '';
  };
  choice.addEventListener('change', show);
  find('#real-model-copy', HTMLButtonElement).addEventListener('click', async () => {
    copied.textContent = await copyText(command.textContent ?? '', 'The command');
  });
  details.addEventListener('toggle', async () => {
    if (!details.open || models.length) return;
    try {
      models = await listRealModels();
    } catch (error) {
      return sayProblem(copied, error);
    }
    choice.replaceChildren(...models.map(({ repository }) => create('option', { value: repository }, repository)));
    show();
  });
}

/** Shows the panel from elsewhere on the page. */
export function showRealModels() {
  const details = find('#real-models', HTMLDetailsElement);
  details.open = true;
  details.scrollIntoView({ block: 'center' });
  find('summary', HTMLElement, details).focus();
}
