import type { Client } from '../support/client.js';

/** A mail as `GET /dev/mailbox` shows it. */
export interface KeptMail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly links: readonly string[];
  readonly code?: string;
  readonly sentAt: string;
}

const DEADLINE_MS = 15_000;
const LOOK_EVERY_MS = 50;

export async function mailbox(url: string, to?: string): Promise<readonly KeptMail[]> {
  const query = to === undefined ? '' : `?${new URLSearchParams({ to }).toString()}`;
  return (await (await fetch(`${url}/dev/mailbox${query}`)).json()) as readonly KeptMail[];
}

/** The newest mail to an address whose subject matches; waits for it. */
export async function mailTo(url: string, to: string, subject: RegExp): Promise<KeptMail> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const mails = await mailbox(url, to);
    const found = mails.find((mail) => subject.test(mail.subject));
    if (found !== undefined) return found;
    if (Date.now() > deadline) {
      const seen = mails.map((mail) => mail.subject).join(', ') || 'nothing';
      throw new Error(`No mail ${String(subject)} to ${to} in time. There is: ${seen}`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** What the link of a mail carries. */
export function tokenOf({ subject, links }: KeptMail): string {
  const [link] = links;
  const token = link === undefined ? null : new URLSearchParams(new URL(link).hash.slice(1)).get('token');
  if (token === null) throw new Error(`"${subject}" has no link with a token`);
  return token;
}

/** Registers, and confirms the address by the mail that comes. */
export async function registered(url: string, client: Client, email: string, password: string): Promise<void> {
  const { status } = await client.register(email, password);
  if (status !== 202) throw new Error(`Registration answered ${status}`);
  const token = tokenOf(await mailTo(url, email, /confirm/i));
  const confirmed = await client.post('/auth/email/verify', { token });
  if (confirmed.status !== 204) throw new Error(`The confirmation answered ${confirmed.status}: ${confirmed.text}`);
}
