import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Secret, TOTP } from 'otpauth';
import { expect } from 'vitest';
import { newSecret } from '../keys/kit.js';
import { Traffic } from '../keys/traffic.js';
import { Client, PASSWORD } from '../support/client.js';
import { postgresUrl, redisUrl } from '../support/services.js';
import { gatehouse, startGatehouse } from './gatehouse.js';
import { ProcessFleet } from './process-fleet.js';

export const RESEALED_APP = join(import.meta.dirname, 'reseal-app.module.mjs');

const STEP_MS = 30_000;
/** The processes and what calls them share a few processors. */
const REST_MS = 300;
const DAY_MS = 86_400_000;

export interface RotationSize {
  /** Rows that are sealed, in each of three tables. */
  readonly rows: number;
  /** How often the command is killed. */
  readonly kills: number;
  readonly batch: number;
  /** Whether the first of the two deployments is rolled out under traffic too, or is where the story begins. */
  readonly whole: boolean;
  /** The longest time from its first batch to its end. */
  readonly withinMs: number;
}

export interface RotationStory {
  /** Rows that each run that was killed had sealed anew. */
  readonly bites: readonly number[];
  readonly lastRun: string;
  readonly surprises: Traffic['surprises'];
  readonly rounds: number;
}

interface Guarded {
  readonly email: string;
  readonly secret: string;
  readonly usedStep: number;
}

/**
 * A change of the secret as its page tells it, by real processes under traffic that does not stop: two deployments, each
 * rolled out one instance after the other, what is sealed sealed anew by a command that is killed again and again, and a
 * last deployment without the old secret.
 */
export async function rotateUnderTraffic({
  rows,
  kills,
  batch,
  withinMs,
  whole,
}: RotationSize): Promise<RotationStory> {
  const [old, next] = [newSecret(), newSecret()];
  const environment = {
    DATABASE_URL: await postgresUrl(),
    REDIS_URL: await redisUrl(),
    ISSUER: 'https://api.example.com',
  };
  const accepted = (secret: string, more: object = {}) => ({ AUTH_ACCEPTED: JSON.stringify([{ secret, ...more }]) });
  const notAfter = new Date(Date.now() + 31 * DAY_MS).toISOString();
  const rotated = { AUTH_SECRET: next, ...accepted(old, { notAfter }) };
  const first = { AUTH_SECRET: old, ...accepted(next) };
  const fleet = await ProcessFleet.start(environment, whole ? { AUTH_SECRET: old } : first);
  const traffic = new Traffic(fleet, REST_MS);
  try {
    await fleet.seed(rows);
    // A code is good for one sign-in: each of them comes back once.
    const guarded: Guarded[] = [];
    while (guarded.length < kills + 2) guarded.push(await withAuthenticator(fleet));
    const oldKid = await fleet.kid();
    await traffic.start();
    if (whole) await fleet.roll(first, () => traffic.goesOn(1));
    await fleet.roll(rotated, () => traffic.goesOn(1));
    const newKid = await fleet.kid();
    expect(newKid).not.toBe(oldKid);

    const sealed = 3 * rows;
    const bites: number[] = [];
    let left = (await fleet.survey()).kids[oldKid] ?? 0;
    expect(left).toBeGreaterThanOrEqual(sealed);
    for (let kill = 0; kill < kills; kill += 1) {
      await killInTheMiddle({ ...environment, ...rotated }, batch, withinMs);
      const { good, wrong, kids } = await fleet.survey();
      expect({ good, wrong }).toEqual({ good: sealed, wrong: 0 });
      expect(Object.keys(kids).sort()).toEqual([oldKid, newKid].sort());
      bites.push(left - (kids[oldKid] ?? 0));
      left = kids[oldKid] ?? 0;
      // A secret that is still needed cannot go.
      expect(left).toBeGreaterThan(0);
      await signsIn(fleet, guarded[kill]!);
    }
    const last = await gatehouse(['reseal', RESEALED_APP, '--batch', String(batch)], { ...environment, ...rotated });
    expect(last.output).toContain(`key id ${oldKid} (accepted): zero left`);
    expect(last.code).toBe(0);
    await allIsUnder(newKid, fleet, sealed);

    await traffic.goesOn(1);
    await fleet.roll({ AUTH_SECRET: next }, () => traffic.goesOn(1));
    await allIsUnder(newKid, fleet, sealed);
    for (const person of guarded.slice(kills)) await signsIn(fleet, person);
    await traffic.stop();
    return { bites, lastRun: last.output, surprises: traffic.surprises, rounds: traffic.rounds };
  } finally {
    await traffic.stop();
    await fleet.close();
  }
}

async function allIsUnder(kid: string, fleet: ProcessFleet, seeded: number): Promise<void> {
  const { good, wrong, kids } = await fleet.survey();
  expect({ good, wrong, kids: Object.keys(kids) }).toEqual({ good: seeded, wrong: 0, kids: [kid] });
}

/** Ends the command some time after it has sealed its first rows anew, without a chance to tidy up. */
async function killInTheMiddle(environment: Record<string, string>, batch: number, withinMs: number): Promise<void> {
  const running = startGatehouse(['reseal', RESEALED_APP, '--batch', String(batch)], environment);
  await running.says(/: [1-9]\d* sealed anew, /);
  await pause(randomInt(withinMs));
  running.kill('SIGKILL');
  // A signal ended it, and not its work.
  expect(await running.ended, running.output()).toBeNull();
}

/** Somebody with an authenticator, whose first code is used up. */
async function withAuthenticator(fleet: ProcessFleet): Promise<Guarded> {
  const { email } = await fleet.newPerson();
  const browser = new Client(fleet.url);
  await browser.signIn(email, PASSWORD);
  const { secret } = (await browser.post('/auth/totp/enroll', {})).body;
  const step = Math.floor(Date.now() / STEP_MS);
  const confirmed = await browser.post('/auth/totp/confirm', { code: codeAt(secret, step) });
  expect(confirmed.status, confirmed.text).toBe(200);
  return { email, secret, usedStep: step };
}

async function signsIn(fleet: ProcessFleet, person: Guarded): Promise<void> {
  const browser = new Client(fleet.url);
  const half = await browser.signIn(person.email, PASSWORD);
  expect(half.body.status).toBe('second_factor');
  // The next one is good already; an older one might not be any more when it comes to be checked.
  const step = Math.max(person.usedStep + 1, Math.floor(Date.now() / STEP_MS));
  const proof = { challenge: half.body.challenge, code: codeAt(person.secret, step) };
  const answer = await browser.post('/auth/second-factor', proof);
  expect(answer.status, answer.text).toBe(200);
}

function codeAt(secret: string, step: number): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: step * STEP_MS });
}
