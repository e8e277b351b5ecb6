import { html, type Html } from '../../common/html.js';
import type { MailFrame, RenderedMail } from '../../options/mail-options.js';

/** One mail of the built-in templates, said once for both parts. */
export interface PlainMail {
  readonly subject: string;
  readonly paragraphs: readonly string[];
  /** What the reader is to press; the address stands below it in full. */
  readonly action?: { readonly label: string; readonly link: string };
  readonly code?: string;
  /** What to do when the reader did not ask for this. */
  readonly closing: string;
}

/** Text and HTML of a mail. The HTML has no images and no colours of its own, so that it reads the same on dark and light. */
export function letterPage({ appName, appUrl }: MailFrame, mail: PlainMail): RenderedMail {
  const { subject, paragraphs, action, code, closing } = mail;
  const middle = action?.link ?? code;
  const text = [...paragraphs, ...(middle === undefined ? [] : [middle]), closing, `-- \n${appName}\n${appUrl}`];
  return {
    subject,
    text: `${text.join('\n\n')}\n`,
    html: html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <title>${subject}</title>
        </head>
        <body style="margin:0;padding:24px;font-family:system-ui,sans-serif;font-size:16px;line-height:1.5">
          <div style="max-width:36em;margin:0 auto">
            ${joined(paragraphs.map((paragraph) => html`<p>${paragraph}</p> `))}${middlePart(mail)}
            <p>${closing}</p>
            <hr />
            <p><a href="${appUrl}">${appName}</a></p>
          </div>
        </body>
      </html> `,
  };
}

function middlePart({ action, code }: PlainMail): Html {
  if (action !== undefined) {
    return html`<p><a href="${action.link}" style="font-weight:bold">${action.label}</a></p>
      <p>If that does not open, copy this address into your browser:</p>
      <p style="word-break:break-all">${action.link}</p> `;
  }
  return code === undefined
    ? html``
    : html`<p style="font-size:28px;font-family:monospace;letter-spacing:4px">${code}</p> `;
}

function joined(parts: readonly Html[]): Html {
  return parts.reduce((all, part) => html`${all}${part}`, html``);
}
