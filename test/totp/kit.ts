import { Secret, TOTP } from 'otpauth';
import { expect } from 'vitest';
import { MINUTE_MS, startPostOffice, type PostOffice } from '../passwordless/kit.js';
import type { AppSetup } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';

export { copyOf, expectCode, MINUTE_MS, notThe, tally, type PostOffice } from '../passwordless/kit.js';

export const STEP_MS = 30_000;

/** An account with an authenticator, at the browser that set it up. */
export interface Guarded {
  readonly id: string;
  readonly email: string;
  readonly browser: Client;
  readonly secret: string;
  readonly recoveryCodes: readonly string[];
  /** What the authenticator shows, so many steps from now. */
  code(steps?: number): string;
}

export interface Vault extends PostOffice {
  /** At the beginning of a time step, so that no code is another's neighbour by chance. */
  guarded(): Promise<Guarded>;
  /** A sign-in up to its second factor, in a new browser. */
  halfway(email: string, more?: object): Promise<{ readonly browser: Client; readonly challenge: string }>;
  nextStep(): void;
  codeOf(secret: string, steps?: number): string;
}

export async function startVault(setup: AppSetup = {}): Promise<Vault> {
  const office = await startPostOffice(setup);
  const { clock } = office;
  clock.advance(STEP_MS - (clock.now() % STEP_MS));
  const codeOf = (secret: string, steps = 0): string => authenticator(secret, clock.now() + steps * STEP_MS);
  const vault: Vault = {
    ...office,
    codeOf,
    nextStep: () => clock.advance(STEP_MS),
    halfway: async (email, more = {}) => {
      const browser = office.client();
      const { body } = await browser.signIn(email, undefined, more);
      expect(body.status).toBe('second_factor');
      return { browser, challenge: body.challenge };
    },
    guarded: async () => {
      const { id, email } = await office.person();
      const browser = office.client();
      await browser.signIn(email);
      const { secret } = (await browser.post('/auth/totp/enroll', {})).body;
      const confirmed = await browser.post('/auth/totp/confirm', { code: codeOf(secret) });
      expect(confirmed.status).toBe(200);
      // The code that confirmed it is used up.
      clock.advance(STEP_MS);
      const code = (steps = 0): string => codeOf(secret, steps);
      return { id, email, browser, secret, recoveryCodes: confirmed.body.recoveryCodes, code };
    },
  };
  return vault;
}

/** An authenticator as people have one. */
export function authenticator(secret: string, nowMs: number, algorithm = 'SHA1'): string {
  return new TOTP({ secret: Secret.fromBase32(secret), algorithm }).generate({ timestamp: nowMs });
}

export function finish(browser: Client, challenge: string, proof: object): Promise<Answer> {
  return browser.post('/auth/second-factor', { challenge, ...proof });
}

/** Lets every session of the test be in need of a new proof. */
export function goStale({ clock }: PostOffice): void {
  clock.advance(5 * MINUTE_MS);
}
