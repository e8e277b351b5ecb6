import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { constantTimeEqual } from '../common/constant-time.js';
import { randomToken } from '../common/random.js';
import { Keyring } from '../keys/keyring.js';
import { StateStore } from '../store/state-store.js';
import type { MailAccount } from '../users/mail-accounts.service.js';
import { CODE_LIFE_MS, type CodeChallenge, type CodePurpose, type CodeReference } from './mailed-code.js';

const DIGITS = 6;
/** Sealed texts are as long as what they hold: padded, a challenge says nothing of the address in it. */
const PADDED_LENGTH = 640;

export interface BegunCode {
  /** For the client. Sealed: it shows nothing, and no other can be made. */
  readonly challenge: string;
  /** For the outbox. */
  readonly reference: CodeReference;
}

/**
 * Codes that are mailed. Nothing is stored when one is asked for: the challenge travels with the client, sealed. The code is
 * computed from it, the account and the salt of its place, by the sender of the mail and once more by the check. So anybody
 * may begin as many challenges as he likes for any address, and no code stands in a database that could be read.
 */
@Injectable()
export class MailedCodes {
  constructor(
    private readonly keyring: Keyring,
    private readonly store: StateStore,
    private readonly clock: Clock,
  ) {}

  begin(purpose: CodePurpose, facts: CodeChallenge['facts']): BegunCode {
    const id = randomToken();
    const [kid = ''] = this.keyring.sign('code', id).split('.');
    const reference: CodeReference = { id, kid, issuedAt: this.clock.now() };
    const text = JSON.stringify({ ...reference, facts } satisfies CodeChallenge).padEnd(PADDED_LENGTH);
    return { challenge: this.keyring.seal(text, sealedFor(purpose)), reference };
  }

  /** What a client presents, live or not; `undefined` when it is none of ours, or for another purpose. */
  open(purpose: CodePurpose, presented: string): CodeChallenge | undefined {
    const text = this.keyring.open(presented, sealedFor(purpose));
    return text === undefined ? undefined : (JSON.parse(text) as CodeChallenge);
  }

  /**
   * Not when it is too old, when the key of its code verifies no longer, or when it was begun before the state store was
   * last connected: what had been used by then may have been forgotten.
   */
  isLive(challenge: CodeChallenge): boolean {
    if (this.remainingMs(challenge) <= 0 || challenge.issuedAt < this.store.connectedAt()) return false;
    return this.keyring.signAs('code', challenge.kid, challenge.id) !== undefined;
  }

  /** Time that is left, in ms; 0 or less when it is over. */
  remainingMs({ issuedAt }: CodeReference): number {
    return issuedAt + CODE_LIFE_MS - this.clock.now();
  }

  /**
   * The code of a challenge for an account as it is now: with the next change of its credentials or its address it is
   * another. `undefined` when its key verifies no longer.
   */
  codeFor(purpose: CodePurpose, reference: CodeReference, account: MailAccount, salt: string): string | undefined {
    const { userId, epoch, emailCanonical } = account;
    return this.derive(reference.kid, [purpose, reference.id, salt, userId, epoch, emailCanonical]);
  }

  /**
   * Whether that is the code, however its digits are grouped. As much work for nobody's account and for a code that has not
   * been mailed (no salt), with the answer that every wrong code gets.
   */
  matches(
    purpose: CodePurpose,
    { id, kid }: CodeReference,
    account: MailAccount | undefined,
    salt: string | undefined,
    presented: string,
  ): boolean {
    const { userId, epoch, emailCanonical } = account ?? { userId: '', epoch: 0, emailCanonical: '' };
    const code = this.derive(kid, [purpose, id, salt ?? '', userId, epoch, emailCanonical]);
    const isEqual = code !== undefined && constantTimeEqual(code, presented.replace(/\s/g, ''));
    return isEqual && account !== undefined && salt !== undefined;
  }

  /** Six digits of 64 bits: no digit is likelier than another by more than 10^6 / 2^64. */
  private derive(kid: string, parts: readonly (string | number)[]): string | undefined {
    const signature = this.keyring.signAs('code', kid, JSON.stringify(parts));
    if (signature === undefined) return undefined;
    const bytes = Buffer.from(signature.slice(signature.indexOf('.') + 1), 'base64url');
    return String(bytes.readBigUInt64BE() % 10n ** BigInt(DIGITS)).padStart(DIGITS, '0');
  }
}

function sealedFor(purpose: CodePurpose): string {
  return `mailed-code.${purpose}`;
}
