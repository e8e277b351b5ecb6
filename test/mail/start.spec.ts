import { describe, expect, it } from 'vitest';
import { AuthModule, customMail, MailTransport, type MailOptions } from '../../lib/index.js';
import { LETTER_KINDS, type LetterKind } from '../../lib/mail/letter.js';
import type { MailComposer } from '../../lib/mail/mail-composer.js';
import { MAIL_COMPOSERS } from '../../lib/mail/tokens.js';
import { TestMailbox } from '../../lib/testing/test-mailbox.js';
import { closeAfterEach, refusal, startHost } from '../module/kit.js';
import { startApp, User, SECRET } from '../support/app.js';

closeAfterEach();

const BASE = { userEntity: User, secret: SECRET, baseUrl: 'http://127.0.0.1:3000', environment: 'test' } as const;

function host(mail: MailOptions, overrides: object[] = []) {
  return { imports: [AuthModule.forRoot<User>({ ...BASE, mail, overrides: overrides as never })] };
}

describe('customMail', () => {
  it('without a class of one’s own is refused, naming the line', async () => {
    const said = await refusal(host(customMail({ from: 'no-reply@example.com' })));
    expect(said).toContain('overrides: [{ provide: MailTransport, useClass: MyTransport }]');
  });

  it('sends through the class that the application gives', async () => {
    const mailbox = new TestMailbox();
    const app = await startHost(
      host(customMail({ from: 'no-reply@example.com' }), [{ provide: MailTransport, useValue: mailbox }]),
    );
    expect(app.app.get(MailTransport)).toBe(mailbox);
  });
});

describe('composers', () => {
  class Composer implements MailComposer {
    constructor(readonly kinds: readonly LetterKind[]) {}
    compose(): Promise<undefined> {
      return Promise.resolve(undefined);
    }
  }
  const start = (...composers: MailComposer[]) =>
    startApp({ override: (builder) => builder.overrideProvider(MAIL_COMPOSERS).useValue(composers) });

  it('two for one kind of letter refuse the start, as does none', async () => {
    await expect(start(new Composer(LETTER_KINDS), new Composer(['unlock']))).rejects.toThrow(
      /two composers\n.*unlock/,
    );
    const others = LETTER_KINDS.filter((kind) => kind !== 'unlock');
    await expect(start(new Composer(others))).rejects.toThrow(/no composer\n.*unlock/);
    await (await start(new Composer(others), new Composer(['unlock']))).close();
  });
});
