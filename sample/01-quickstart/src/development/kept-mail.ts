import type { MailMessage } from 'nestjs-gatehouse';

/** A mail as `GET /dev/mailbox` shows it. */
export interface KeptMail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** The links that carry a token in their fragment, in the order of the text. */
  readonly links: readonly string[];
  /** The code to type, where the mail has one. */
  readonly code?: string;
  readonly sentAt: string;
}

const LINK = /https?:\/\/[^\s<>"']+#token=[^\s<>"']+/g;
const CODE = /(?<![\w.-])\d{6}(?![\w-]|\.\w)/;

export function keptMail({ to, subject, text, html }: MailMessage, sentAt: Date): KeptMail {
  const links = [...new Set(text.match(LINK) ?? [])];
  const code = CODE.exec(text.replace(LINK, ''))?.[0];
  return { to, subject, text, html, links, ...(code === undefined ? {} : { code }), sentAt: sentAt.toISOString() };
}
