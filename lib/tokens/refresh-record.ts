import { Injectable } from '@nestjs/common';
import type { ClientInfo } from '../common/client-address.js';
import { EventRecorder } from '../events/event-recorder.js';
import type { NewLetter } from '../mail/outbox.js';
import { AuthSettings } from '../options/auth-settings.js';
import { clientFacts } from '../sessions/client-facts.js';
import { Sessions } from '../sessions/sessions.service.js';
import { MailAccounts } from '../users/mail-accounts.service.js';
import type { RefreshReference } from './refresh-tokens.js';

/** The session of a refresh token. */
interface RefreshedSession {
  readonly userId: string;
  /** Public id. */
  readonly id: string;
}

/** Whoever presents the token, and the language of the mail that its owner may get. */
interface Presenter {
  readonly client: ClientInfo;
  readonly locale?: string | undefined;
}

/** What is told of refreshes that are not as they should be. One that goes through leaves no row: it is one statement. */
@Injectable()
export class RefreshRecord {
  constructor(
    private readonly sessions: Sessions,
    private readonly events: EventRecorder,
    private readonly accounts: MailAccounts,
    private readonly settings: AuthSettings,
  ) {}

  /** Ends the session. Of all callers at once the one whose statement ended it writes the event and the letter. */
  async reused({ userId, sid }: RefreshReference, { client, locale }: Presenter): Promise<void> {
    await this.sessions.revokeBySid(userId, sid, {
      type: 'refresh.reused',
      outcome: 'failure',
      client,
      letter: () => this.reuseNotice(userId, client, locale),
    });
  }

  private async reuseNotice(
    userId: string,
    client: ClientInfo,
    locale = this.settings.mailTemplates.defaultLocale,
  ): Promise<NewLetter | undefined> {
    const account = await this.accounts.find(userId);
    if (account === undefined) return undefined;
    return { kind: 'refresh-token-reused', userId, address: account.email, locale, data: clientFacts(client) };
  }

  /** Within the grace, at another address and by another user agent. */
  otherClient({ userId, id }: RefreshedSession, client: ClientInfo): Promise<void> {
    return this.events.write({ type: 'refresh.grace_other_client', subjectId: userId, sessionId: id, client });
  }

  /** The application's hook said no. */
  refused({ userId, id }: RefreshedSession, client: ClientInfo): Promise<void> {
    const whose = { subjectId: userId, sessionId: id, client };
    return this.events.write({ type: 'refresh.refused', outcome: 'failure', ...whose });
  }
}
