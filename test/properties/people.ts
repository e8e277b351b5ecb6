import { Client, type Answer } from '../support/client.js';
import { UNKNOWN, type Request } from './reference.js';
import { passwordOf, type Stand } from './stand.js';

/** What a browser or a program holds of a session, whatever has become of that. */
interface Held {
  readonly cookie: string;
  readonly csrfToken: string;
  access: string;
  /** Refresh tokens by generation. */
  readonly refresh: Map<number, string>;
}

let runs = 0;

/** The people of one run: they send requests over HTTP and keep what they are given. */
export class People {
  private readonly run = (runs += 1);
  private readonly held = new Map<string, Held>();
  private sent = 0;

  constructor(private readonly stand: Stand) {}

  get sessions(): readonly string[] {
    return [...this.held.keys()];
  }

  /** Those with refresh tokens, and the latest generation that they know of. */
  latest(session: string): number {
    return Math.max(0, ...(this.held.get(session)?.refresh.keys() ?? []));
  }

  hasTokens(session: string): boolean {
    return (this.held.get(session)?.refresh.size ?? 0) > 0;
  }

  /** The short form of the answer that the reference knows. */
  async send(request: Request): Promise<string> {
    const answer = await this.answer(request);
    this.stand.tally.sent += 1;
    if (answer === UNKNOWN) this.stand.tally.unknown += 1;
    return answer;
  }

  private async answer({ name, operation }: Request): Promise<string> {
    const { apps } = this.stand;
    const client = new Client(apps[(this.sent += 1) % apps.length]!.url);
    switch (operation.kind) {
      case 'register':
        return String((await client.register(this.email(operation.user), passwordOf(0))).status);
      case 'login':
        return this.login(client, name, this.email(operation.user), passwordOf(operation.password));
      case 'token':
        return this.token(client, name, this.email(operation.user), passwordOf(operation.password));
      case 'read':
        return String((await client.get('/auth/me', this.credential(operation.session))).status);
      case 'logout':
        return this.logout(client, operation.session);
      case 'end-others': {
        const { status, body } = await client.delete('/auth/sessions', this.credential(operation.session));
        return status === 200 ? `200 ended ${body.revoked}` : String(status);
      }
      case 'refresh':
        return this.refresh(client, operation.session, operation.presented);
      default: {
        const { status } = await client.post(`/host/${operation.kind}`, { email: this.email(operation.user) });
        return status === 204 ? 'done' : String(status);
      }
    }
  }

  private email(user: number): string {
    return `run${this.run}-user${user}@example.com`;
  }

  private credential(session: string): { readonly headers: Record<string, string> } {
    const { cookie, csrfToken, access } = this.held.get(session)!;
    return { headers: access === '' ? { cookie, 'x-csrf-token': csrfToken } : { authorization: `Bearer ${access}` } };
  }

  private async login(client: Client, name: string, email: string, password: string): Promise<string> {
    const { status, body } = await client.signIn(email, password);
    if (status === 200) {
      this.held.set(name, { cookie: client.cookieHeader(), csrfToken: body.csrfToken, access: '', refresh: new Map() });
    }
    return String(status);
  }

  private async token(client: Client, name: string, username: string, password: string): Promise<string> {
    const { status, body } = await client.post('/auth/token', { grant_type: 'password', username, password });
    if (status === 200) {
      const refresh = new Map([[0, body.refresh_token as string]]);
      this.held.set(name, { cookie: '', csrfToken: '', access: body.access_token, refresh });
    }
    return String(status);
  }

  private async logout(client: Client, session: string): Promise<string> {
    const { access } = this.held.get(session)!;
    const answer: Answer =
      access === ''
        ? await client.post('/auth/logout', undefined, this.credential(session))
        : await client.post('/auth/token/revoke', { token: access });
    return answer.status === 200 || answer.status === 204 ? 'done' : String(answer.status);
  }

  private async refresh(client: Client, session: string, presented: number): Promise<string> {
    const held = this.held.get(session)!;
    const { status, body } = await client.post('/auth/token/refresh', { refresh_token: held.refresh.get(presented) });
    if (status !== 200) return status === 401 ? (body.code as string) : String(status);
    const generation = Number(body.refresh_token.split('.')[2]);
    const known = held.refresh.get(generation);
    if (known !== undefined && known !== body.refresh_token) return `a second token of generation ${generation}`;
    held.refresh.set(generation, body.refresh_token);
    held.access = body.access_token;
    return `200 generation ${generation}`;
  }
}
