import { setTimeout as delay } from 'node:timers/promises';
import { Accounts, Jobs, type MailKind } from '../../lib/index.js';
import { PASSWORD, type TestApp } from '../support/app.js';
import { Client, type Answer, type CallOptions } from '../support/client.js';
import type { ReceivedMail } from '../support/mailbox.js';
import { newAddress, type Stage } from './kit.js';

/** A browser that remembers every secret it has sent or been given. */
class WatchedClient extends Client {
  constructor(
    url: string,
    private readonly secrets: Set<string>,
  ) {
    super(url);
  }

  override async call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const answer = await super.call(method, path, options);
    this.keepSecrets(options.body);
    this.keepSecrets(answer.body);
    for (const cookie of this.cookies.values()) if (cookie !== '') this.secrets.add(cookie);
    return answer;
  }

  private keepSecrets(body: unknown): void {
    if (typeof body !== 'object' || body === null) return;
    for (const [name, value] of Object.entries(body)) {
      if (typeof value === 'object') this.keepSecrets(value);
      else if (typeof value === 'string' && SECRET_FIELDS.test(name)) this.secrets.add(value);
    }
  }
}

const SECRET_FIELDS = /^(?:email|emailCode|password|currentPassword|username|.*token|code|challenge|csrfToken)$/i;
export const UNKNOWN_TOKEN = `${'a'.repeat(22)}.${'b'.repeat(43)}`;
export const UNSENDABLE = 'nobody@refused.example.com';

interface Row {
  readonly id: string;
  readonly type: string;
  readonly outcome: string;
}

export class Sweep {
  private readonly seen = new Set<string>();

  constructor(
    readonly stage: Stage,
    private readonly secrets: Set<string>,
  ) {}

  get app(): TestApp {
    return this.stage.app;
  }

  browser(): Client {
    return new WatchedClient(this.stage.app.url, this.secrets);
  }

  async member(): Promise<{ email: string; client: Client }> {
    const email = newAddress();
    await this.app.get(Accounts).create({ email, password: PASSWORD, emailVerified: true });
    const client = this.browser();
    await client.signIn(email);
    return { email, client };
  }

  async mail(to: string, kind: MailKind): Promise<ReceivedMail> {
    const coming = this.stage.mailbox.next(to, kind);
    // What a failed sign-in leaves behind is written after its answer.
    const turns = setInterval(() => void this.app.get(Jobs).run('outbox'), 25);
    const mail = await coming.finally(() => clearInterval(turns));
    for (const secret of [mail.token, mail.code]) if (secret !== undefined) this.secrets.add(secret);
    return mail;
  }

  /** Rows since the last time, as `type` or `type: outcome`. */
  async rows(): Promise<string[]> {
    let rows: readonly Row[] = [];
    let before: number;
    do {
      before = rows.length;
      await delay(60);
      rows = await this.app.dataSource.query('SELECT id, type, outcome FROM auth_audit ORDER BY id');
    } while (rows.length > before);
    const fresh = rows.filter(({ id }) => !this.seen.has(id));
    for (const { id } of fresh) this.seen.add(id);
    return fresh.map(({ type, outcome }) => (outcome === 'success' ? type : `${type}: ${outcome}`)).sort();
  }
}
