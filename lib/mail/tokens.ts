/** Every composer of the features. */
export const MAIL_COMPOSERS = Symbol('gatehouse:mail-composers');
