// Prints what Hugging Face's own parser finds in a tensors file, and the first numbers of each tensor. Called with the file by the browser tests.
import { readFileSync } from 'node:fs';
import { parseSafetensorsMetadata } from '@huggingface/hub';

const bytes = readFileSync(process.argv[2]);

/** Serves the file as the hub would: whole, or the range that is asked for. @type {typeof fetch} */
const serve = async (_, init) => {
  const [, from, to] = /bytes=(\d+)-(\d+)/.exec(new Headers(init?.headers).get('range') ?? '') ?? [null, '0', String(bytes.length - 1)];
  const part = bytes.subarray(Number(from), Number(to) + 1);
  return new Response(part, { status: 206, headers: { 'Content-Range': `bytes ${from}-${to}/${bytes.length}`, ETag: '"file"' } });
};

const parsed = await parseSafetensorsMetadata({ repo: 'local/file', path: 'file.safetensors', fetch: serve });
if (parsed.sharded) throw new Error('The file claims to be one of several.');
const { __metadata__: metadata, ...tensors } = parsed.header;
const start = 8 + Number(bytes.readBigUInt64LE(0));

/** @param {{ dtype: string, shape: number[], data_offsets: [number, number] }} tensor */
const describe = ({ dtype, shape, data_offsets: [begin] }) =>
  ({ dtype, shape, first: dtype === 'F32' ? bytes.readFloatLE(start + begin) : bytes.readUInt16LE(start + begin) });

const described = Object.entries(tensors).map(([name, tensor]) => [name, describe(/** @type {any} */ (tensor))]);
console.log(JSON.stringify({ metadata, tensors: Object.fromEntries(described) }));
