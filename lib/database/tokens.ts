/** The application's `DataSource`, whatever its name. */
export const AUTH_DATA_SOURCE = Symbol('gatehouse:data-source');

/** Every entity that the module reads or writes: a list of classes. */
export const AUTH_ENTITIES = Symbol('gatehouse:entities');
