import * as v from 'valibot';

/** The body of a route that takes nothing. */
export const noFieldsSchema = v.strictObject({});
