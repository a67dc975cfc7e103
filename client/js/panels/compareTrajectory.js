import { linePlot } from './plot.js';

/** How close the summary token is to each label after every layer. @type {import('./compare.js').View} */
export function trajectoryPlot(view, { answer, shown }) {
  if (!answer.tensors.has('trajectory')) return 'Add a label to see how the model comes to it, layer by layer.';
  const lines = shown.labels.map((label) => ({ name: label, values: answer.trajectory(label) }));
  const up = answer.tensors.has('logit_scale') ? 'similarity to the label' : 'class logit';
  const title = "How close the model's summary is to each label, layer by layer";
  view.replaceChildren(linePlot({ title, across: 'layer', up, lines, now: shown.at, room: view.clientWidth }));
}
