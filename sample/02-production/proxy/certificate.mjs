import { generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import path from 'node:path';
import { bits, element, identifier, integer, octets, sequence, set, time, utf8, yes } from './der.mjs';

const DAY_MS = 86_400_000;
const LIFE_DAYS = 90;
const RENEW_DAYS = 7;
const NAMES = ['localhost', '127.0.0.1'];

const ECDSA_WITH_SHA256 = sequence(identifier('1.2.840.10045.4.3.2'));
const COMMON_NAME = '2.5.4.3';
const EXTENSION = { subjectAltName: '2.5.29.17', basicConstraints: '2.5.29.19', extendedKeyUsage: '2.5.29.37' };
const SERVER_AUTHENTICATION = '1.3.6.1.5.5.7.3.1';

/**
 * A certificate for this machine alone, signed by itself: made on the first start, kept in `folder`, made anew a week
 * before it ends. Nobody trusts it who was not told to, which is the point. Answers the two files.
 */
export function ensureCertificate(folder) {
  const files = { key: path.join(folder, 'key.pem'), certificate: path.join(folder, 'certificate.pem') };
  if (isStillGood(files)) return files;
  const { key, certificate } = selfSigned(NAMES, new Date());
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(files.key, key, { mode: 0o600 });
  writeFileSync(files.certificate, certificate);
  return files;
}

function isStillGood({ key, certificate }) {
  if (!existsSync(key) || !existsSync(certificate)) return false;
  const { validTo } = new X509Certificate(readFileSync(certificate));
  return Date.parse(validTo) - Date.now() > RENEW_DAYS * DAY_MS;
}

/** Key and certificate as PEM (RFC 5280), by `node:crypto` alone: there may be no `openssl` here. */
export function selfSigned(names, now) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(set(sequence(identifier(COMMON_NAME), utf8(names[0]))));
  const signed = sequence(
    element(0xa0, integer(2)),
    integer(1, ...randomBytes(15)),
    ECDSA_WITH_SHA256,
    name,
    sequence(time(new Date(now.getTime() - DAY_MS)), time(new Date(now.getTime() + LIFE_DAYS * DAY_MS))),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    element(0xa3, sequence(...extensions(names))),
  );
  const certificate = sequence(signed, ECDSA_WITH_SHA256, bits(sign('sha256', signed, privateKey)));
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }), certificate: pem('CERTIFICATE', certificate) };
}

function extensions(names) {
  const alternatives = names.map((name) =>
    isIPv4(name) ? element(0x87, Buffer.from(name.split('.').map(Number))) : element(0x82, Buffer.from(name)),
  );
  return [
    sequence(identifier(EXTENSION.basicConstraints), yes(), octets(sequence())),
    sequence(identifier(EXTENSION.extendedKeyUsage), octets(sequence(identifier(SERVER_AUTHENTICATION)))),
    sequence(identifier(EXTENSION.subjectAltName), octets(sequence(...alternatives))),
  ];
}

function pem(label, der) {
  const lines = der.toString('base64').match(/.{1,64}/g);
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
