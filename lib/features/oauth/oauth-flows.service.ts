import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { constantTimeEqual } from '../../common/constant-time.js';
import { randomToken } from '../../common/random.js';
import { CookieJar, type WithHeaders } from '../../cookies/cookie-jar.js';
import { Keyring } from '../../keys/keyring.js';
import { StateStore } from '../../store/state-store.js';
import { FLOW_LIFE_MS, type OAuthFlow } from './oauth-flow.js';

const PLACE = 'oauth-flow';
/** Tabs in which somebody may be signing in at once. */
const AT_ONCE = 3;
/** What browsers take for one cookie, its name and attributes excepted. */
const MOST_BYTES = 3_800;
const BETWEEN = '~';

type NewFlow = Omit<OAuthFlow, 'state' | 'nonce' | 'verifier' | 'begunAt'>;

/** What an answer of a provider has to fit. */
export interface FlowAddress extends Pick<OAuthFlow, 'provider' | 'redirectUri'> {
  readonly state: string;
}

/**
 * Flows that are under way. They travel sealed in a cookie of the browser that began them: whoever has proven nothing takes
 * no room here. The store remembers that one has been used, and nothing else.
 */
@Injectable()
export class OAuthFlows {
  constructor(
    private readonly cookies: CookieJar,
    private readonly keyring: Keyring,
    private readonly store: StateStore,
    private readonly clock: Clock,
  ) {}

  describe(flow: NewFlow): OAuthFlow {
    return {
      ...flow,
      state: randomToken(32),
      nonce: randomToken(),
      verifier: randomToken(32),
      begunAt: this.clock.now(),
    };
  }

  /** Adds it to what the browser holds, the oldest of which goes. */
  keep(request: WithHeaders, response: unknown, flow: OAuthFlow): void {
    const sealed = this.keyring.seal(JSON.stringify(flow), PLACE);
    const kept = [sealed, ...this.held(request).map(({ text }) => text)].slice(0, AT_ONCE);
    while (kept.length > 1 && kept.join(BETWEEN).length > MOST_BYTES) kept.pop();
    this.cookies.set(response, 'oauth', kept.join(BETWEEN), { maxAgeMs: FLOW_LIFE_MS });
  }

  /** The flow of this browser that an answer belongs to: by its state, its provider and the address it came to. */
  find(request: WithHeaders, { provider, redirectUri, state }: FlowAddress): OAuthFlow | undefined {
    const flows = this.held(request).map(({ flow }) => flow);
    return flows.find(
      (flow) => constantTimeEqual(flow.state, state) && flow.provider === provider && flow.redirectUri === redirectUri,
    );
  }

  /** What it would take to know that a flow has not been used may have been lost with the store's connection. */
  isInTime({ begunAt }: OAuthFlow): boolean {
    return this.clock.now() < begunAt + FLOW_LIFE_MS && begunAt >= this.store.connectedAt();
  }

  /** Uses the flow up: of any number of callers at once one gets `true`. */
  use({ state }: OAuthFlow): Promise<boolean> {
    const id = createHash('sha256').update(state).digest('base64url');
    return this.store.setIfAbsent(`gh:oauth-used:${id}`, '1', FLOW_LIFE_MS);
  }

  /** Takes it from what the browser holds. */
  drop(request: WithHeaders, response: unknown, { state }: OAuthFlow): void {
    const left = this.held(request).filter(({ flow }) => flow.state !== state);
    if (left.length === 0) return this.cookies.clear(response, 'oauth');
    const value = left.map(({ text }) => text).join(BETWEEN);
    this.cookies.set(response, 'oauth', value, { maxAgeMs: FLOW_LIFE_MS });
  }

  private held(request: WithHeaders): readonly { readonly text: string; readonly flow: OAuthFlow }[] {
    const texts = (this.cookies.read(request, 'oauth') ?? '').split(BETWEEN).slice(0, AT_ONCE);
    return texts.flatMap((text) => {
      const opened = this.keyring.open(text, PLACE);
      return opened === undefined ? [] : [{ text, flow: JSON.parse(opened) as OAuthFlow }];
    });
  }
}
