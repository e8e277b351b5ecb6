const QUOTES = new Set(["'", '"', '`']);

/** One line for each column of a table and each part of an alteration. What stands in quotes is left as it is. */
export function layOut(sql: string, indent: string): string {
  const creates = sql.startsWith('CREATE TABLE');
  // A table lists what it has in parentheses, an alteration without.
  const level = creates ? 1 : 0;
  let [text, depth, quote] = ['', 0, ''];
  for (const character of sql.trim()) {
    if (quote !== '') {
      if (character === quote) quote = '';
      text += character;
    } else if (QUOTES.has(character)) {
      quote = character;
      text += character;
    } else if (character === '(') {
      depth += 1;
      text += creates && depth === 1 ? `(\n${indent}  ` : character;
    } else if (character === ')') {
      depth -= 1;
      text += creates && depth === 0 ? `\n${indent})` : character;
    } else if (character === ',' && depth === level && (creates || sql.startsWith('ALTER TABLE'))) {
      text += `,\n${indent}  `;
    } else if (character !== ' ' || !/\s$/.test(text)) {
      text += character;
    }
  }
  return `${indent}${text}`;
}
