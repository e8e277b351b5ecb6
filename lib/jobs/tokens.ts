/** Every job of the kernel and the features. */
export const JOBS = Symbol('gatehouse:jobs');
