import { join } from 'node:path';
import { storedSecret } from './stored-secret.js';

const { HOST = '127.0.0.1', PORT = '3000', DATA_DIR = '.data' } = process.env;

/** Secret and database are kept together, so that a sign-in outlives a restart. */
export const settings = {
  host: HOST,
  port: Number(PORT),
  baseUrl: `http://${HOST}:${PORT}`,
  secret: process.env['AUTH_SECRET'] || storedSecret(DATA_DIR),
  database: join(DATA_DIR, 'tokens.sqlite'),
};
