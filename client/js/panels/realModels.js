import { create, find } from '../dom.js';
import { listRealModels } from '../network/api.js';
import { copyText } from './clipboard.js';
import { sayProblem } from './problem.js';

/** The program's name, by how it was started. @type {Record<string, string>} */
const programs = {
  sources: 'dotnet run --project src/AttentionApi --',
  tool: 'attention-api',
  folder: 'dotnet AttentionApi.dll',
  container: 'docker run --rm --user "$(id -u)" -v "$PWD/models:/models" -e Models__Path=/models attention-api',
};
const megabytesPerSecond = 12.5;

/** How to come by a real model: one command, and what it costs. The list is the one that `models pull --list` prints. */
export function realModelsPanel() {
  const details = find('#real-models', HTMLDetailsElement);
  const start = find('#real-model-start', HTMLSelectElement);
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
    command.textContent = `${programs[start.value]} models pull ${model.repository}`;
    find('#real-model-cost', HTMLElement).textContent = `${model.kind}. About ${size} MB: ${Math.ceil(size / megabytesPerSecond)} seconds to download at `
      + `100 Mbit/s. It is loaded when it is first asked, which takes seconds; an answer takes about ${model.timesAsLong} times as long as with the embedded `
      + `model. Licence: ${model.licence}.${smaller && ` Smaller: ${smaller}.`}`;
    copied.textContent = '';
  };
  for (const select of [choice, start]) select.addEventListener('change', show);
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
