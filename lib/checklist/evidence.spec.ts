import { describe, expect, it } from 'vitest';
import { enumEvidence, hostEvidence, identifierEvidence, optionEvidence } from './evidence.js';

describe('host', () => {
  it.each([
    ['redis://user:marker@redis.example.com:6380/3?x=marker', 'redis.example.com:6380'],
    ['https://API.example.com/marker?marker#marker', 'api.example.com'],
    ['redis://redis', 'redis'],
    ['localhost:6379', 'localhost:6379'],
    ['redis://[::1]:6379', '[::1]:6379'],
    ['redis://:mar/ker@example.com', 'unknown'],
    ['redis://marker/marker@example.com', 'unknown'],
    ['redis://marker:12#3@example.com', 'unknown'],
    ['redis://marker:12?3@example.com', 'unknown'],
    ['user:marker@example.com', 'unknown'],
    ['/var/run/marker.sock', 'unknown'],
    ['a free text', 'unknown'],
    ['', 'unknown'],
  ])('%#', (address, host) => {
    expect(hostEvidence(address)).toBe(host);
  });

  it('takes a URL', () => {
    expect(hostEvidence(new URL('https://u:marker@example.com:8443/marker'))).toBe('example.com:8443');
  });
});

it('shows names of options, which are literals', () => {
  expect(optionEvidence('cookies.domain')).toBe('cookies.domain');
  expect(optionEvidence('secrets.csrf')).toBe('secrets.csrf');
  expect(optionEvidence('A free text')).toBe('unnamed');
  const value: string = 'marker';
  // @ts-expect-error a value that is known at run time alone
  optionEvidence(value);
});

it('shows values of a closed set', () => {
  expect(enumEvidence('none', ['none'])).toBe('none');
  expect(enumEvidence('marker', ['none'])).toBe('other');
});

it('shows identifiers of code', () => {
  expect(identifierEvidence('NotesController.list')).toBe('NotesController.list');
  expect(identifierEvidence('not code')).toBe('unnamed');
  expect(identifierEvidence('a'.repeat(200))).toBe('unnamed');
});
