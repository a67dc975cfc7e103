import { widen } from './float16.js';

/** One tensor of a file: decoded where it is read, so that unused layers and heads cost nothing. */
export class Tensor {
  /** @param {ArrayBuffer} buffer @param {number} begin @param {'F16' | 'F32'} dtype @param {number[]} shape */
  constructor(buffer, begin, dtype, shape) {
    this.buffer = buffer;
    this.begin = begin;
    this.dtype = dtype;
    this.shape = shape;
    this.length = shape.reduce((product, size) => product * size, 1);
  }

  /** Numbers `start` to `start + count` in row-major order. */
  read(start = 0, count = this.length - start) {
    const width = this.dtype === 'F16' ? 2 : 4;
    const from = this.begin + start * width;
    // The format does not promise that a tensor begins on a multiple of its own width; a typed array needs it.
    const aligned = from % width === 0 ? { buffer: this.buffer, at: from } : { buffer: this.buffer.slice(from, from + count * width), at: 0 };
    return this.dtype === 'F16' ? widen(new Uint16Array(aligned.buffer, aligned.at, count)) : new Float32Array(aligned.buffer, aligned.at, count);
  }
}

/**
 * Reads a safetensors file: eight bytes of header length, a JSON header, the numbers. Little-endian, as every browser's machine is.
 * @param {ArrayBuffer} buffer
 * @returns {{ metadata: Record<string, string>, tensors: Map<string, Tensor> }}
 */
export function readSafetensors(buffer) {
  if (buffer.byteLength < 8) throw new Error('The answer is cut short: it has no safetensors header.');
  const headerBytes = Number(new DataView(buffer).getBigUint64(0, true));
  const data = 8 + headerBytes;
  if (data > buffer.byteLength) throw new Error('The answer is cut short: its header is longer than the file.');
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, headerBytes)));

  const tensors = new Map();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { dtype, shape, data_offsets: [begin, end] } = entry;
    if (dtype !== 'F16' && dtype !== 'F32') throw new Error(`Tensor '${name}' is of type ${dtype}; this page reads F16 and F32.`);
    if (data + end > buffer.byteLength) throw new Error(`The answer is cut short: tensor '${name}' ends beyond the file.`);
    const tensor = new Tensor(buffer, data + begin, dtype, shape);
    if (end - begin !== tensor.length * (dtype === 'F16' ? 2 : 4)) throw new Error(`Tensor '${name}' does not have the size that its shape says.`);
    tensors.set(name, tensor);
  }
  return { metadata: header.__metadata__ ?? {}, tensors };
}
