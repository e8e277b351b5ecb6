import * as v from 'valibot';

export const unlockSchema = v.strictObject({ token: v.string() });

export type UnlockInput = v.InferOutput<typeof unlockSchema>;
