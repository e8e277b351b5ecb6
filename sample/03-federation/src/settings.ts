import { randomBytes } from 'node:crypto';

const { HOST = '127.0.0.1', PORT = '3000', PROVIDER_PORT = '3001' } = process.env;

/** Everything lives as long as the process: the secret, the accounts on both sides, and what the provider knows of us. */
export const settings = {
  host: HOST,
  port: Number(PORT),
  baseUrl: `http://${HOST}:${PORT}`,
  secret: randomBytes(48).toString('base64url'),
  provider: {
    port: Number(PROVIDER_PORT),
    // Another host name than that of the application, so that it is another site to the browser too.
    issuer: `http://localhost:${PROVIDER_PORT}`,
    clientId: 'federation-sample',
    clientSecret: randomBytes(32).toString('base64url'),
  },
};
