import { Injectable } from '@nestjs/common';
import type { ClientInfo } from '../../common/client-address.js';
import type { Principal } from '../../common/principal.js';
import { MailRequests } from '../../mail/mail-requests.service.js';
import { letterDataOf } from '../../mailed-codes/code-letters.service.js';
import { MailedCodes } from '../../mailed-codes/mailed-codes.service.js';

/** Asking for a code that confirms an action. */
@Injectable()
export class ReauthenticationCodes {
  constructor(
    private readonly codes: MailedCodes,
    private readonly mail: MailRequests,
  ) {}

  /** The challenge, with which the code is presented, by this session alone. */
  async ask({ userId, sessionId }: Principal, client: ClientInfo, locale: string): Promise<string> {
    const { challenge, reference } = this.codes.begin('reauthentication', { userId, sessionId });
    await this.mail.ask(
      { kind: 'reauthentication-code', userId, locale, data: letterDataOf(reference) },
      { type: 'reauthentication.code_requested', actorId: userId, subjectId: userId, sessionId, client },
    );
    return challenge;
  }
}
