/** What every command that works on an application says of its first argument. */
export const MODULE_ARGUMENT = [
  '<module>',
  'compiled file of the root module, such as dist/app.module.js; needs the environment of the application',
] as const;
