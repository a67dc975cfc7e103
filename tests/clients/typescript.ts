import { readFileSync } from 'node:fs';
import { explain, methods, models, overlay, predict } from './generated';

// usage: node typescript.js PICTURE. Prints one line a call; clients.test.js reads them.

/** The data of an answer that has this status. */
function of<Answer extends { status: number }, Status extends Answer['status']>(answer: Answer, status: Status): Extract<Answer, { status: Status }> {
  if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}`);
  return answer as Extract<Answer, { status: Status }>;
}

async function main() {
  const image = new File([readFileSync(process.argv[2])], 'picture.png', { type: 'image/png' });
  const listed = of(await models(), 200).data.models;
  console.log(`models ${listed.length} ${listed[0].grid?.rows}`);
  console.log(`methods ${of(await methods(), 200).data.methods[0].name}`);
  const { predictions } = of(await predict({ image }, { labels: ['dog', 'Кот'] }), 200).data;
  console.log(`predict ${predictions.map(prediction => prediction.label).sort().join(',')}`);
  const explained = of(await explain({ image }, { method: 'rollout', matrix: true }), 200).data;
  console.log(`explain ${explained.maps?.length} ${explained.maps?.[0].values.length} ${explained.matrix?.length} ${explained.parameters.headFusion}`);
  const picture = of(await overlay({ image }, { colormap: 'magma' }), 200).data;
  console.log(`overlay ${Buffer.from(await picture.arrayBuffer()).subarray(0, 4).toString('hex').toUpperCase()}`);
  const problem = of(await explain({ image }, { fromLayer: 99 }), 400).data;
  console.log(`problem ${problem.status} ${problem.parameter}`);
}

void main();
