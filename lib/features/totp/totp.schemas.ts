import * as v from 'valibot';

export const confirmSchema = v.strictObject({ code: v.string() });

export type ConfirmInput = v.InferOutput<typeof confirmSchema>;
