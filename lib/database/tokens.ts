/** The application's `DataSource`, whatever its name. */
export const AUTH_DATA_SOURCE = Symbol('gatehouse:data-source');

/** Every entity that the module reads or writes: a list of classes. */
export const AUTH_ENTITIES = Symbol('gatehouse:entities');

/** Every column that holds sealed text: a list of `SealedColumn`. */
export const SEALED_COLUMNS = Symbol('gatehouse:sealed-columns');
