import { Stage } from './canvas/stage.js';
import { listenToStage } from './canvas/stageInput.js';
import { localMaps } from './compute/localMaps.js';
import { watchScreen } from './compute/screen.js';
import { find } from './dom.js';
import { listMethods, listModels } from './network/api.js';
import { fetchedMaps } from './network/fetchedMaps.js';
import { startLoader } from './network/loader.js';
import { Problem } from './network/problems.js';
import { chrome } from './panels/chrome.js';
import { comparePanel } from './panels/compare.js';
import { exportPanel } from './panels/export.js';
import { labelsPanel } from './panels/labels.js';
import { layersPanel } from './panels/layers.js';
import { legendPanel } from './panels/legend.js';
import { lookPanel } from './panels/look.js';
import { methodPanel } from './panels/method.js';
import { modelPanel } from './panels/model.js';
import { notices } from './panels/notices.js';
import { parametersPanel } from './panels/parameters.js';
import { picturePanel } from './panels/picture.js';
import { queryPanel } from './panels/query.js';
import { realModelsPanel } from './panels/realModels.js';
import { rivalPanel } from './panels/rival.js';
import { scorePanel } from './panels/score.js';
import { referencePanel } from './panels/reference.js';
import { regionsPanel } from './panels/regions.js';
import { seriesPanel } from './panels/series.js';
import { sharePanel } from './panels/share.js';
import { keepAddress, readSettings } from './settings/address.js';
import { withoutUnknown } from './settings/unknown.js';
import { createStore, modelOf } from './store.js';

const store = createStore(readSettings(location.search));
keepAddress(store);
const fetched = fetchedMaps(store);
watchScreen(store, {
  local: localMaps(({ message }) => fail(Problem.ofPage('This map cannot be computed', `The page's worker failed. ${message}`))),
  fetched,
});
// Before the loader: a change of model may change the labels, which it then asks with.
modelPanel(store);
realModelsPanel();
const loader = startLoader(store);

const stage = new Stage(find('#stage', HTMLCanvasElement), store);
const { zoom, reset } = listenToStage(stage, store);
find('#zoom-in', HTMLButtonElement).addEventListener('click', () => zoom(1.5));
find('#zoom-out', HTMLButtonElement).addEventListener('click', () => zoom(1 / 1.5));
find('#zoom-fit', HTMLButtonElement).addEventListener('click', reset);

const pictures = picturePanel(store);
notices(store, {
  cancel() {
    pictures.cancel();
    loader.cancel();
    fetched.cancel();
  },
  again() {
    if (store.state.models.length === 0) return location.reload();
    fetched.leave();
    loader.again();
  },
});
chrome(store);
labelsPanel(store);
queryPanel(store);
rivalPanel(store);
legendPanel(store);
layersPanel(store);
comparePanel(store);
referencePanel(store);
scorePanel(store);
seriesPanel(store);
methodPanel(store);
parametersPanel(store);
lookPanel(store);
regionsPanel(store);
exportPanel(store);
sharePanel(store);

/** @param {import('./network/api.js').ModelInfo[]} models @param {import('./network/api.js').Method[]} methods */
function take(models, methods) {
  const { settings, notices } = withoutUnknown(store.state, models, methods);
  store.set({ models, methods, ...settings, notices: [...store.state.notices, ...notices] });
}

start().catch(fail);

/** @param {Problem} problem */
function fail(problem) {
  store.set({ status: { phase: 'error', problem } });
}

/** Models and methods; a server that is still loading its default model is given the time. */
async function start() {
  const say = (/** @type {string} */ message) => store.set({ status: { phase: 'loading', message } });
  const options = {
    signal: new AbortController().signal,
    onProgress: (/** @type {import('./network/exchange.js').Progress} */ progress) => {
      if (progress.stage === 'waiting') say(`${progress.problem.message} Trying again in ${progress.seconds} s.`);
    },
  };
  say('Connecting…');
  for (;;) {
    const [models, methods] = await Promise.all([listModels(options), listMethods(options)]);
    const model = modelOf({ models, model: store.state.model });
    if (!model) throw Problem.ofPage('The server has no model', 'Put one into its models folder and reload the page.');
    if (model.status !== 'loading') return take(models, methods);
    say(`${model.id} is being loaded…`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
