const PLAIN_KEY = /^[A-Za-z_$][\w$-]{0,63}$/;

/** Collects what is wrong with the options. A line names the key and what it must be, never the value that it has. */
export class Problems {
  readonly lines: string[] = [];

  /** @param path the option, such as `sessions.idle`, or nothing for a problem of the whole. */
  add(path: string, text: string): void {
    this.lines.push(path === '' ? text : `${path}: ${text}`);
  }
}

/** Path of a key, which is shown only when it looks like one: a value that slipped into a key stays hidden. */
export function childPath(path: string, key: string): string {
  const shown = PLAIN_KEY.test(key) ? key : '(unreadable key)';
  return path === '' ? shown : `${path}.${shown}`;
}
