/** Clients that others would generate from the OpenAPI document: made, compiled and run against the running service. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { copyFile, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const picture = join(root, 'client', 'samples', 'scene-02.png');
const environment = {
  ...process.env, DOTNET_CLI_TELEMETRY_OPTOUT: '1', DOTNET_NOLOGO: '1', REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
};
let address = '', work = '', document = '', host;

const bin = name => join(here, 'node_modules', '.bin', name);

/** What a program printed; it must succeed. */
const run = async (program, parameters, folder = here) =>
  (await promisify(execFile)(program, parameters, { cwd: folder, env: environment, maxBuffer: 1 << 26 })).stdout;

before(async () => {
  host = spawn('dotnet', [join(root, 'src/AttentionApi/bin/Release/net10.0/AttentionApi.dll'), '--urls', 'http://127.0.0.1:0', '--Models:Path', join(root, 'models')],
    { env: { ...environment, 'Serilog__MinimumLevel__Override__Microsoft.Hosting.Lifetime': 'Information' } });
  address = await new Promise((resolve, reject) => {
    host.stdout.on('data', text => { const found = /http:\/\/127\.0\.0\.1:\d+/.exec(text); if (found) resolve(found[0]); });
    host.on('exit', code => reject(new Error(`The service ended with ${code}.`)));
  });
  while (!(await fetch(`${address}/readyz`)).ok) await new Promise(resolve => setTimeout(resolve, 100));
  work = await mkdtemp(join(tmpdir(), 'attention-clients-'));
  document = join(work, 'openapi.json');
  await writeFile(document, await (await fetch(`${address}/swagger/v1/swagger.json`)).text());
});

after(async () => {
  host?.kill();
  if (work) await rm(work, { recursive: true });
});

/** @param {string} printed What the program printed, one line a call. */
function check(printed) {
  const lines = Object.fromEntries(printed.trim().split('\n').map(line => [line.split(' ')[0], line.slice(line.indexOf(' ') + 1)]));
  assert.match(lines.models, /^\d+ 14$/);
  assert.equal(lines.methods, 'rollout');
  assert.equal(lines.predict, 'dog,Кот');
  assert.match(lines.explain, /^1 14 197 mean$/i);
  // The first bytes of a PNG: the picture is not handed out as text.
  assert.equal(lines.overlay, '89504E47');
  assert.equal(lines.problem, '400 fromLayer');
}

test('the client of NSwag explains a picture', async () => {
  await run('dotnet', ['tool', 'restore']);
  const client = join(work, 'Client.cs');
  await run('dotnet', ['nswag', 'openapi2csclient', `/input:${document}`, `/output:${client}`, '/namespace:Generated', '/className:AttentionClient',
    '/jsonLibrary:SystemTextJson', '/generateOptionalParameters:true', '/generateNullableReferenceTypes:true']);
  await run('dotnet', ['build', 'csharp', '-c', 'Release', '-v', 'quiet', `-p:Client=${client}`, '-o', join(work, 'csharp')]);
  check(await run('dotnet', [join(work, 'csharp', 'GeneratedClient.dll'), address, picture]));
});

test('the client of Orval explains a picture', async () => {
  Object.assign(environment, { ATTENTION_API: address, ATTENTION_DOCUMENT: document, ATTENTION_CLIENT: join(work, 'generated.ts') });
  await run(bin('orval'), ['--config', 'orval.config.mjs']);
  await copyFile(join(here, 'typescript.ts'), join(work, 'typescript.ts'));
  await symlink(join(here, 'node_modules'), join(work, 'node_modules'));
  await run(bin('tsc'), ['typescript.ts', '--outDir', '.', '--module', 'commonjs', '--target', 'es2022', '--types', 'node', '--skipLibCheck', '--strict'], work);
  check(await run(process.execPath, [join(work, 'typescript.js'), picture]));
});

test('the linters of Redocly and Spectral have nothing to remark on the document', async () => {
  const redocly = JSON.parse(await run(bin('redocly'), ['lint', document, '--format=json']).catch(failed => failed.stdout));
  assert.deepEqual(redocly.problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0].pointer}`), []);
  const spectral = JSON.parse(await run(bin('spectral'), ['lint', document, '--ruleset', 'spectral.yaml', '--format=json', '--quiet']).catch(failed => failed.stdout));
  assert.deepEqual(spectral.map(({ code, message, path }) => `${code}: ${message} ${path.join('/')}`), []);
});
