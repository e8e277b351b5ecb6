import { randomBytes } from 'node:crypto';

const { HOST = '127.0.0.1', PORT = '3000', AUTH_SECRET = randomBytes(48).toString('base64url') } = process.env;

/** Without `AUTH_SECRET` each start has a secret of its own, and sessions end with the process, as the database does. */
export const settings = { host: HOST, port: Number(PORT), secret: AUTH_SECRET, baseUrl: `http://${HOST}:${PORT}` };
