import { describe, expect, it } from 'vitest';
import { resolveSettings } from '../options/resolve-options.js';
import type { AuthValues } from '../options/auth-options.js';
import { HardeningChecks } from './hardening.checks.js';
import { Hardening } from './hardening.service.js';

const BASE = { secret: 'pR4vN0c8Yt2LwZ6kQ9sXfB3mHj7uDa5eGi1oVqKxTzC', baseUrl: 'https://api.example.com' };

function run(id: string, values: Partial<AuthValues>, adapter?: object): unknown {
  const settings = resolveSettings({ ...BASE, ...values }, {});
  const hardening = new Hardening(settings, { httpAdapter: adapter } as never);
  return new HardeningChecks(settings, hardening)
    .checks()
    .find((check) => check.id === id)!
    .run();
}

type Case = readonly [id: string, values: Partial<AuthValues>, evidence: object];

const BAD: readonly Case[] = [
  ['network.hsts', { http: { hsts: false } }, { on: false, days: 0, includeSubDomains: false }],
  ['network.hsts', { http: { hsts: { maxAge: '364d' } } }, { on: true, days: 364, includeSubDomains: true }],
  ['network.hsts', { http: { hsts: { includeSubDomains: false } } }, { on: true, days: 365, includeSubDomains: false }],
  ['network.hosts', { http: { hosts: ['internal.example.com'] } }, { host: 'api.example.com', count: 1 }],
  ['network.hosts', { http: { hosts: ['api.example.com:8443'] } }, { host: 'api.example.com', count: 1 }],
  ['network.api-docs', { http: { apiDocs: true } }, { option: 'http.apiDocs' }],
  ['network.cors', { http: { cors: { origins: '*' } } }, { everybody: true, enableCors: false }],
  ['network.cors-origins', { origins: ['http://app.example.com'] }, { count: 1, hosts: ['app.example.com'] }],
  [
    'network.cors-origins',
    { http: { cors: { origins: ['http://LOCALHOST:5173/', 'https://app.example.com'] } } },
    { count: 1, hosts: ['localhost:5173'] },
  ],
  ['network.cors-origins', { origins: ['http://app.example.com'], http: { cors: false } }, { count: 1 }],
];

const GOOD: readonly (readonly [id: string, values: Partial<AuthValues>])[] = [
  ['network.hsts', {}],
  ['network.hsts', { http: { hsts: { maxAge: '366d', preload: true } } }],
  ['network.hsts', { baseUrl: 'http://localhost:3000', http: { hsts: false } }],
  ['network.hosts', {}],
  ['network.hosts', { http: { hosts: ['internal:3000', 'API.example.com:443'] } }],
  ['network.api-docs', {}],
  ['network.cors', {}],
  ['network.cors', { http: { cors: false } }],
  ['network.cors', { http: { cors: { origins: '*', credentials: false } } }],
  ['network.cors-origins', { origins: ['https://app.example.com'] }],
  ['network.cors-origins', { baseUrl: 'http://localhost:3000' }],
];

describe('the checks of hardening', () => {
  it.each(BAD)('%s is a finding with %o', (id, values, evidence) => {
    expect(run(id, values)).toMatchObject({ status: 'finding', evidence, change: expect.stringMatching(/\.$/) });
  });

  it.each(GOOD)('%s is quiet with %o', (id, values) => {
    expect(run(id, values)).toEqual({ status: 'passed' });
  });

  it('ask nothing of an application without a server', () => {
    expect(run('network.harden', {})).toEqual({ status: 'passed' });
    expect(run('network.harden', {}, { getType: () => 'noop' })).toEqual({ status: 'passed' });
    expect(run('network.harden', {}, { getType: () => 'express' })).toMatchObject({ status: 'unchecked' });
  });
});
