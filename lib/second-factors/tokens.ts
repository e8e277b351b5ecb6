/** Every {@link SecondFactor} of the features. */
export const SECOND_FACTORS = Symbol('SECOND_FACTORS');
