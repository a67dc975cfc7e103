// Runs in Swagger UI, not on the page: "Open in Swagger" brings the query along, and the form shows its values instead of the document's examples.
import { fromCsv } from './settings/csv.js';

const query = new URLSearchParams(location.search);
const load = window.fetch;

/** @typedef {{ name: string, in: string, example?: unknown, schema: { type: string } }} Parameter */

if (query.size > 0) {
  window.fetch = async (...request) => {
    const response = await load(...request);
    if (!response.url.endsWith('/swagger.json')) return response;
    const document = await response.json();
    for (const path of Object.values(document.paths)) for (const { parameters } of Object.values(path)) parameters?.forEach(prefill);
    return new Response(JSON.stringify(document), { headers: response.headers });
  };
}

/** @param {Parameter} parameter */
function prefill(parameter) {
  if (parameter.in !== 'query') return;
  const values = query.getAll(parameter.name);
  if (values.length === 0) delete parameter.example;
  else if (parameter.schema.type === 'array') parameter.example = parameter.name === 'labels' ? values.flatMap(fromCsv) : values;
  else parameter.example = parameter.schema.type === 'string' ? values[0] : JSON.parse(values[0]);
}
