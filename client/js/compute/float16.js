/** Every half-precision number as a single: one table is faster than decoding bits, and files hold millions of them. */
const singles = new Float32Array(65536);

for (let bits = 0; bits < 65536; bits++) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) singles[bits] = fraction ? NaN : sign * Infinity;
  else if (exponent === 0) singles[bits] = sign * fraction * 2 ** -24;
  else singles[bits] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * Widens IEEE 754 binary16 numbers, given by their bits.
 * @param {Uint16Array} halves
 */
export function widen(halves) {
  const out = new Float32Array(halves.length);
  for (let i = 0; i < out.length; i++) out[i] = singles[halves[i]];
  return out;
}
