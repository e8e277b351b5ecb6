/** Environment variables may be passed as they are; a key that is present without a value is refused in production. */
export type Env<T = string> = T | undefined;
