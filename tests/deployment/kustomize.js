/** Builds a folder of docker/kubernetes as `kubectl kustomize` would, as far as its files need it: resources, JSON patches, image tags and labels. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** @param {string} folder Of a kustomization. @returns {any[]} Its resources. */
export function build(folder) {
  const { resources = [], patches = [], images = [], labels = [] } = parse(readFileSync(join(folder, 'kustomization.yaml'), 'utf8'));
  const built = resources.flatMap((entry) => {
    const path = join(folder, entry);
    return existsSync(join(path, 'kustomization.yaml')) ? build(path) : [parse(readFileSync(path, 'utf8'))];
  });
  for (const { target, patch } of patches) {
    const found = built.filter(({ kind, metadata }) => kind === target.kind && metadata.name === target.name);
    if (found.length !== 1) throw new Error(`${folder}: a patch for ${target.kind} ${target.name} finds ${found.length}.`);
    for (const operation of parse(patch)) apply(found[0], operation);
  }
  for (const resource of built) {
    for (const container of resource.spec?.template?.spec.containers ?? []) {
      const image = images.find(({ name }) => name === container.image.split(':')[0]);
      if (image) container.image = `${image.name}:${image.newTag}`;
    }
    for (const { pairs, includeSelectors } of labels) {
      if (!includeSelectors) continue;
      // Kustomize creates the selectors of these kinds; those of budgets and policies it only adds to (its commonLabels field specs).
      if (resource.kind === 'Service') resource.spec.selector = { ...resource.spec.selector, ...pairs };
      if (resource.kind !== 'Deployment') continue;
      resource.spec.selector = { matchLabels: { ...resource.spec.selector?.matchLabels, ...pairs } };
      resource.spec.template.metadata.labels = { ...resource.spec.template.metadata.labels, ...pairs };
    }
  }
  return built;
}

/** One operation of a JSON patch (RFC 6902), strictly: what is replaced must be there. */
function apply(document, { op, path, value }) {
  const steps = path.split('/').slice(1).map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const last = steps.pop();
  const parent = steps.reduce((node, step) => node?.[step], document);
  if (!parent || (op === 'replace' && !(last in parent)) || !['add', 'replace'].includes(op)) throw new Error(`${op} ${path} does not fit.`);
  if (Array.isArray(parent) && last === '-') parent.push(value);
  else parent[last] = value;
}
