/** Every `CheckSource` of the application, as a list. */
export const CHECK_SOURCES = Symbol('gatehouse:check-sources');
