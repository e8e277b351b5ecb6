/** Those values of a record that are texts. */
export function textValues(record: Readonly<Record<string, unknown>>): string[] {
  return Object.values(record).filter((value) => typeof value === 'string');
}
