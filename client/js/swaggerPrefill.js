// Runs in Swagger UI, not on the page. Named words get their choice list back, which Swagger UI does not show for schemas that extend a reference; and
// "Open in Swagger" brings a query along, whose values the form then shows instead of the document's examples.
import { fromCsv } from './settings/csv.js';

const query = new URLSearchParams(location.search);
const load = window.fetch;

/** @typedef {{ type?: string, $ref?: string, allOf?: { $ref?: string }[], default?: unknown }} Schema */
/** @typedef {{ name: string, in: string, example?: unknown, schema: Schema }} Parameter */

window.fetch = async (...request) => {
  const response = await load(...request);
  if (!response.url.endsWith('/swagger.json')) return response;
  const document = await response.json();
  for (const path of Object.values(document.paths)) {
    for (const { parameters } of Object.values(path)) {
      parameters?.forEach((/** @type {Parameter} */ parameter) => {
        parameter.schema = inline(parameter.schema, document.components.schemas);
        if (query.size > 0) prefill(parameter);
      });
    }
  }
  return new Response(JSON.stringify(document), { headers: response.headers });
};

/** The words themselves in place of a reference to them. @param {Schema} schema @param {Record<string, Schema>} schemas */
function inline(schema, schemas) {
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (!reference) return schema;
  const words = schemas[reference.slice(reference.lastIndexOf('/') + 1)];
  return 'default' in schema ? { ...words, default: schema.default } : words;
}

/** @param {Parameter} parameter */
function prefill(parameter) {
  if (parameter.in !== 'query') return;
  const values = query.getAll(parameter.name);
  if (values.length === 0) delete parameter.example;
  else if (parameter.schema.type === 'array') parameter.example = ['labels', 'methods', 'models'].includes(parameter.name) ? values.flatMap(fromCsv) : values;
  else parameter.example = parameter.schema.type === 'string' ? values[0] : JSON.parse(values[0]);
}
