/** Labels as one comma-separated value, those that hold a comma or a quote quoted as in CSV. @param {string[]} labels */
export const toCsv = (labels) => labels.map((label) => (/[",]/.test(label) ? `"${label.replaceAll('"', '""')}"` : label)).join(',');

/** @param {string} text */
export function fromCsv(text) {
  const fields = text.match(/(\s*"(?:[^"]|"")*"\s*|[^,]*)(?:,|$)/g) ?? [];
  return fields.map((field) => field.replace(/,$/, '').trim())
    .map((field) => (/^"[^]*"$/.test(field) ? field.slice(1, -1).replaceAll('""', '"') : field))
    .filter((field) => field !== '');
}
