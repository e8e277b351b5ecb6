const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a text can be the id of one of our rows. Whatever is none never reaches the database. */
export function isRowId(text: unknown): text is string {
  return typeof text === 'string' && UUID.test(text);
}
