import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { selfSigned } from './proxy/certificate.mjs';

const FOLDER = path.join(import.meta.dirname, 'certificates');

// For the service `mail` of docker-compose.yml: mail outside this machine travels under TLS, also to a server for trying.
const { key, certificate } = selfSigned(['mail'], new Date());
mkdirSync(FOLDER, { recursive: true });
writeFileSync(path.join(FOLDER, 'key.pem'), key, { mode: 0o600 });
writeFileSync(path.join(FOLDER, 'certificate.pem'), certificate);
console.log(`Made for 90 days: ${FOLDER}`);
