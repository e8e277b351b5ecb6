/**
 * A link of a mail. The token is in the fragment, which browsers send to no server: it is in no log and no `Referer`. The
 * page that the link opens posts it. What else the page has to know stands behind it.
 */
export function linkWithToken(url: URL, token: string, facts: Readonly<Record<string, string>> = {}): string {
  const link = new URL(url);
  link.hash = new URLSearchParams({ token, ...facts }).toString();
  return link.href;
}
