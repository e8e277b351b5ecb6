/** Every job of the kernel and the features. */
export const JOBS = Symbol('gatehouse:jobs');

/** What the clean-up deletes. */
export const REMAINS = Symbol('gatehouse:remains');
