/** Every proof of presence of the features, in the order in which people are offered them. */
export const PRESENCE_PROOFS = Symbol('gatehouse:presence-proofs');
