const LONGEST = 80;

/**
 * Text that another server chose, for a terminal and a log: visible ASCII alone, so that no escape sequence, line break or
 * direction mark of it has an effect, and no more than `longest` characters.
 */
export function printable(text: string, longest = LONGEST): string {
  const visible = text.slice(0, longest).replace(/[^\x20-\x7e]/g, '?');
  return text.length > longest ? `${visible}...` : visible;
}
