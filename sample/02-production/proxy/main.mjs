import { readFileSync } from 'node:fs';
import { ensureCertificate } from './certificate.mjs';
import { createProxy } from './proxy.mjs';

const NEEDED = {
  PORT: 'where to listen, 0 for any free port',
  WORKERS: 'addresses of the workers, separated by commas: `http://127.0.0.1:3001,http://127.0.0.1:3002`',
  DATA_DIR: 'where a certificate for this machine is made and kept; or TLS_KEY and TLS_CERTIFICATE, two PEM files',
};

const {
  PORT,
  HOST = '127.0.0.1',
  WORKERS,
  TLS_KEY,
  TLS_CERTIFICATE,
  DATA_DIR,
  PROXY_TIMEOUT_MS = '30000',
} = process.env;
const given = TLS_KEY && TLS_CERTIFICATE ? { key: TLS_KEY, certificate: TLS_CERTIFICATE } : undefined;
const missing = Object.entries(NEEDED).filter(([name]) => !process.env[name] && !(name === 'DATA_DIR' && given));
if (missing.length > 0) {
  const lines = missing.map(([name, meaning]) => `  - ${name} is not set: ${meaning}`);
  console.error(['The proxy cannot start:', ...lines].join('\n'));
  process.exit(1);
}

const files = given ?? ensureCertificate(DATA_DIR);
const server = createProxy({
  workers: WORKERS.split(',').map((worker) => worker.trim()),
  tls: { key: readFileSync(files.key), cert: readFileSync(files.certificate) },
  timeoutMs: Number(PROXY_TIMEOUT_MS),
});

server.on('error', (error) => {
  console.error(`The proxy cannot listen on ${HOST}:${PORT}: ${error.code ?? error.message}`);
  process.exit(1);
});
server.listen(Number(PORT), HOST, () => {
  console.log(`The proxy is listening on https://${HOST}:${server.address().port}`);
});

// No new connection; what is under way ends, and with it the process.
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => server.close());
