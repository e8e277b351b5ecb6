import { Injectable } from '@nestjs/common';
import { MailLimits } from '../attempts/mail-limits.service.js';
import { MINUTE_MS } from '../common/duration.js';
import { isKnownBrowser } from '../mail/asking-browser.js';
import type { Letter } from '../mail/letter.js';
import type { CompositionContext } from '../mail/mail-composer.js';
import type { MailAccount } from '../users/mail-accounts.service.js';
import { CodePlaces } from './code-places.service.js';
import type { CodePurpose, CodeReference } from './mailed-code.js';
import { MailedCodes } from './mailed-codes.service.js';

/** What the template of a code is given. */
export interface CodeFacts {
  readonly code: string;
  readonly validForMinutes: number;
}

/** What letters carry of a code: never the code itself. */
export function letterDataOf({ id, kid, issuedAt }: CodeReference): NonNullable<Letter['data']> {
  return { codeId: id, codeKid: kid, issuedAt };
}

/** The code of a letter, as late as possible: when it is mailed. */
@Injectable()
export class CodeLetters {
  constructor(
    private readonly codes: MailedCodes,
    private readonly places: CodePlaces,
    private readonly limits: MailLimits,
  ) {}

  /** `undefined`: the account gets no more codes for now, or this one has expired on the way. */
  async factsOf(
    purpose: CodePurpose,
    letter: Letter,
    account: MailAccount,
    { entryId }: CompositionContext,
  ): Promise<CodeFacts | undefined> {
    const { userId } = account;
    const reference = referenceIn(letter);
    const validForMinutes = Math.ceil(this.codes.remainingMs(reference) / MINUTE_MS);
    if (validForMinutes <= 0) return undefined;
    const knownBrowser = isKnownBrowser(letter, userId);
    if (!(await this.limits.allow({ kind: letter.kind, userId, knownBrowser, entryId }))) return undefined;
    const salt = await this.places.take({ purpose, userId, knownBrowser }, reference);
    if (salt === undefined) return undefined;
    const code = this.codes.codeFor(purpose, reference, account, salt);
    return code === undefined ? undefined : { code, validForMinutes };
  }
}

function referenceIn({ data = {} }: Letter): CodeReference {
  return { id: String(data['codeId']), kid: String(data['codeKid']), issuedAt: Number(data['issuedAt']) };
}
