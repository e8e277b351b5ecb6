import { Controller, Get } from '@nestjs/common';
import { Auth, Public } from '../../lib/index.js';
import { AuditRow } from '../../lib/events/audit-row.entity.js';
import { IpRule } from '../../lib/ip-rules/ip-rule.entity.js';
import { newPerson, signedIn } from '../sessions/kit.js';
import type { TestApp } from '../support/app.js';
import { Client, type Answer, type CallOptions } from '../support/client.js';

@Controller()
export class Routes {
  @Get('health')
  @Public()
  health(): object {
    return { status: 'up' };
  }

  @Get('public')
  @Public()
  open(): object {
    return {};
  }

  @Get('private')
  @Auth()
  closed(): object {
    return {};
  }
}

/** Where the browser of an administrator is. */
export const OFFICE = '203.0.113.7';

/** A browser behind the one proxy that the application trusts. */
export class PlacedClient extends Client {
  constructor(
    url: string,
    public address: string,
  ) {
    super(url);
  }

  override call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    return super.call(method, path, { ...options, headers: { 'x-forwarded-for': this.address, ...options.headers } });
  }
}

export async function office(app: TestApp): Promise<PlacedClient> {
  const browser = await signedIn(app, await newPerson(app, ['admin']));
  const placed = new PlacedClient(app.url, OFFICE);
  for (const [name, value] of browser.cookies) placed.cookies.set(name, value);
  placed.csrfToken = browser.csrfToken;
  return placed;
}

/** How a request from an address is answered. */
export async function from(app: TestApp, address: string, path = '/public'): Promise<number> {
  return (await new PlacedClient(app.url, address).get(path)).status;
}

export function rulesOf(app: TestApp): Promise<IpRule[]> {
  return app.dataSource.getRepository(IpRule).find({ order: { createdAt: 'ASC' } });
}

export function eventsOf(app: TestApp, type: AuditRow['type']): Promise<AuditRow[]> {
  return app.dataSource.getRepository(AuditRow).findBy({ type });
}

/** A row as an older release, or somebody with a database client, may have written it. */
export async function write(app: TestApp, rule: Partial<IpRule>): Promise<void> {
  const id = `00000000-0000-7000-8000-${String((written += 1)).padStart(12, '0')}`;
  const row = { id, network: '192.0.2.0/24', action: 'block', note: null, createdAt: 0, expiresAt: null, ...rule };
  await app.dataSource.getRepository(IpRule).insert(row as IpRule);
}

let written = 0;
