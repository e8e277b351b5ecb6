/** A Markdown table, aligned so that it reads in a terminal too. */
export function table(head, rows) {
  const lines = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...lines.map((row) => row[column].length)));
  const isNumber = head.map((_, column) => lines.slice(1).every((row) => /^[<>]?[-+±]?[\d.,]+|^-?$/.test(row[column])));
  const cell = (text, column) => (isNumber[column] ? text.padStart(widths[column]) : text.padEnd(widths[column]));
  const line = (row) => `| ${row.map(cell).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (isNumber[column] ? `${'-'.repeat(width + 1)}:` : '-'.repeat(width + 2))).join('|')}|`;
  return [line(lines[0]), rule, ...lines.slice(1).map(line)].join('\n');
}

export const fixed = (value, digits = 2) => (value === undefined || Number.isNaN(value) ? '' : value.toFixed(digits));
