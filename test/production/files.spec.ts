import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SAMPLE } from './processes.js';

const read = (file: string) => readFileSync(join(SAMPLE, file), 'utf8');
const compose = read('docker-compose.yml');
const example = read('.env.example');
const sources = readdirSync(join(SAMPLE, 'src')).filter((name) => name.endsWith('.ts'));
const code = [...sources.map((name) => `src/${name}`), 'proxy/main.mjs'].map(read).join('\n');

function names(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))].sort();
}

/** Lines `  NAME: value` of the compose file's environment of a worker. */
function environmentOfWorkers(): string[] {
  const [, block = ''] = /^x-environment: &environment\n((?: {2}.*\n)+)/m.exec(compose) ?? [];
  return [...names(block, /^ {2}([A-Z_]+):/gm), 'INSTANCE'];
}

describe('the files of a deployment', () => {
  it('ask .env for what the example lists, and the example gives no value', () => {
    expect(names(compose, /\$\{([A-Z_]+)/g)).toEqual(names(example, /^([A-Z_]+)=/gm));
    expect(example.split('\n').filter((line) => /^[^#]*=./.test(line))).toEqual([]);
  });

  it('give workers only variables that they read', () => {
    const given = environmentOfWorkers();
    expect(given).toContain('AUTH_SECRET');
    for (const name of given) expect(code).toMatch(new RegExp(`\\b${name}\\b`));
  });

  it('leave no default to secrets and passwords', () => {
    for (const name of ['AUTH_SECRET', 'POSTGRES_PASSWORD', 'REDIS_PASSWORD', 'SITE_ADDRESS']) {
      const uses = [...compose.matchAll(new RegExp(`\\$\\{${name}(?=[:}])(.*?)\\}`, 'g'))];
      expect(uses.length).toBeGreaterThan(0);
      for (const [, modifier] of uses) expect(modifier).toMatch(/^:\?/);
    }
  });

  it('run without root and keep Redis from dropping a lock', () => {
    expect(read('Dockerfile')).toMatch(/^USER node$/m);
    expect(read('Dockerfile')).toMatch(/^RUN npm ci /m);
    expect(compose).toMatch(/- --maxmemory-policy\n\s+- noeviction\n/);
    expect(compose).toMatch(/- --requirepass\n/);
  });

  it('have every variable of the code in the README', () => {
    const asked = names(code, /\b([A-Z]+(?:_[A-Z]+)+|HOST|PORT|INSTANCE|INSTANCES|WORKERS)\b(?=[:'",\s}])/g);
    const page = read('README.md');
    const constants = names(code, /\bconst ([A-Z_]+)\b/g);
    for (const name of asked.filter((one) => !constants.includes(one))) expect(page).toContain(name);
  });
});
