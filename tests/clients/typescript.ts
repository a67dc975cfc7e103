import { readFileSync } from 'node:fs';
import { ApiError, ColormapChoice, ExplainService, FormatChoice, MethodChoice, ModelsService, OpenAPI } from './generated/index';

// usage: node typescript.js ADDRESS PICTURE. Prints one line a call; clients.test.js reads them.
const [address, path] = process.argv.slice(2);

async function main() {
  OpenAPI.BASE = address;
  const formData = { image: new File([readFileSync(path)], 'picture.png', { type: 'image/png' }) };
  const { models } = await ModelsService.models();
  console.log(`models ${models.length} ${models[0].grid?.rows}`);
  console.log(`methods ${(await ModelsService.methods()).methods[0].name}`);
  const predicted = await ExplainService.predict({ formData, labels: ['dog', 'Кот'] });
  console.log(`predict ${predicted.predictions.map(prediction => prediction.label).sort().join(',')}`);
  const explained = await ExplainService.explain({ formData, method: MethodChoice.ROLLOUT, matrix: true });
  console.log(`explain ${explained.maps?.length} ${explained.maps?.[0].values.length} ${explained.matrix?.length} ${explained.parameters.headFusion}`);
  // This client sends Accept: application/json, so that the format has to be named.
  const overlay = await ExplainService.overlay({ formData, colormap: ColormapChoice.MAGMA, format: FormatChoice.PNG });
  console.log(`overlay ${typeof overlay}`);
  try {
    await ExplainService.explain({ formData, fromLayer: 99 });
  } catch (refused) {
    if (refused instanceof ApiError) console.log(`problem ${refused.body.status} ${refused.body.parameter}`);
  }
}

void main();
