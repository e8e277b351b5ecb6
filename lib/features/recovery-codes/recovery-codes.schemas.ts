import * as v from 'valibot';

export const noFieldsSchema = v.strictObject({});
