import { listMethods, listModels } from './api.js';
import { find } from './dom.js';
import { startLoader } from './loader.js';
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
import { picturePanel } from './panels/picture.js';
import { queryPanel } from './panels/query.js';
import { watchScreen } from './screen.js';
import { Stage } from './stage.js';
import { listenToStage } from './stageInput.js';
import { createStore } from './state.js';
import { keepAddress, readSettings } from './url.js';

const store = createStore(readSettings(location.search));
keepAddress(store);
watchScreen(store);
const loader = startLoader(store);

const stage = new Stage(find('#stage', HTMLCanvasElement), store);
const { zoom, reset } = listenToStage(stage, store);
find('#zoom-in', HTMLButtonElement).addEventListener('click', () => zoom(1.5));
find('#zoom-out', HTMLButtonElement).addEventListener('click', () => zoom(1 / 1.5));
find('#zoom-fit', HTMLButtonElement).addEventListener('click', reset);

notices(store, loader);
chrome(store);
picturePanel(store);
labelsPanel(store);
modelPanel(store);
queryPanel(store);
legendPanel(store);
layersPanel(store);
comparePanel(store);
methodPanel(store);
lookPanel(store);
exportPanel(store);

const options = {
  signal: new AbortController().signal,
  onProgress: (/** @type {import('./api.js').Progress} */ progress) => {
    if (progress.stage === 'waiting') store.set({ status: { phase: 'loading', message: `${progress.problem.message} Trying again in ${progress.seconds} s.` } });
  },
};
const [models, methods] = await Promise.all([listModels(options), listMethods(options)]);
store.set({ models, methods });
