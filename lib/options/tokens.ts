/** The structure as `forRoot` or `forRootAsync` was given it: an `AuthStructure`. */
export const AUTH_STRUCTURE = Symbol('gatehouse:structure');

/** The values as the application gave them, not validated yet: `AuthValues`. Nothing but the settings reads them. */
export const AUTH_VALUES = Symbol('gatehouse:values');
