/** A mail as the server of `npm run production` prints it. */
export interface PrintedMail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly links: readonly string[];
  /** What the first link carries. */
  readonly token: string | undefined;
}

const MAIL = /^\[mail\] To (\S+): (.*)\n((?:\[mail\] {3}.*\n)*)/gm;

/** Every mail in what the script has printed, oldest first. */
export function printedMail(output: string): readonly PrintedMail[] {
  return [...output.matchAll(MAIL)].map(([, to = '', subject = '', lines = '']) => {
    const text = lines.replace(/^\[mail\] {3}/gm, '');
    const links = text.match(/https:\/\/\S+#token=\S+/g) ?? [];
    const token =
      links[0] === undefined ? undefined : new URLSearchParams(new URL(links[0]).hash.slice(1)).get('token');
    return { to, subject, text, links, token: token ?? undefined };
  });
}
