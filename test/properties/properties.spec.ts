import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { STACKS } from '../support/app.js';
import { explained, EXPLAINED } from './commands.js';
import { PatientStore, startStand, type Stand, type StandSetup } from './stand.js';

const SEED = Date.now() & 0x7fffffff;
const SHORT = { runs: 8, commands: 14, seed: SEED };

/** Loses what changes announce to the session cache. */
class ForgetfulStore extends PatientStore {
  override set(key: string, value: string, ttlMs: number): Promise<void> {
    return value === 'changing' ? Promise.resolve() : super.set(key, value, ttlMs);
  }

  override delete(key: string): Promise<void> {
    return key.endsWith(':v') ? Promise.resolve() : super.delete(key);
  }
}

function stood(setup: StandSetup): { readonly stand: Stand } {
  let stand: Stand | undefined;
  beforeAll(async () => {
    stand = await startStand(setup);
  });
  afterAll(() => stand?.close());
  return {
    get stand() {
      return stand!;
    },
  };
}

describe.each(STACKS)('accounts and sessions on $database and $store', (stack) => {
  const lab = stood({ stack, instances: stack.store === 'redis' ? 2 : 1 });

  it(`answer as the reference does, in some order where requests race (seed ${SEED})`, async () => {
    expect(await explained(lab.stand, SHORT)).toBe(EXPLAINED);
  });
});

describe('the property sees', () => {
  const forgetful = stood({ stack: STACKS[0]!, Store: ForgetfulStore });

  it('an application that forgets what was revoked', { timeout: 60_000 }, async () => {
    expect(await explained(forgetful.stand, { runs: 200, commands: 14 })).toMatch(/No order explains/);
  });
});
