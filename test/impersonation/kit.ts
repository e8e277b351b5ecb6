import { Controller, Get, Post } from '@nestjs/common';
import { In } from 'typeorm';
import { expect } from 'vitest';
import { Auth, CurrentPrincipal, OptionalAuth, type Principal } from '../../lib/index.js';
import { AuditRow } from '../../lib/events/audit-row.entity.js';
import { LoginSession } from '../../lib/sessions/login-session.entity.js';
import { newPerson, signedIn, type Person } from '../sessions/kit.js';
import type { TestApp } from '../support/app.js';
import type { Answer, Client } from '../support/client.js';

/** Routes of a host, as somebody reaches them who acts as the user. */
@Controller('host')
export class HostRoutes {
  @Get('who')
  @Auth()
  who(@CurrentPrincipal() { userId, impersonatorId, via, methods, freshUntil }: Principal): object {
    return { userId, impersonatorId, via, methods, fresh: freshUntil.getTime() > Date.now() };
  }

  @Get('maybe')
  @OptionalAuth()
  maybe(@CurrentPrincipal() who: Principal | undefined): object {
    return { userId: who?.userId ?? null };
  }

  @Post('notes')
  @Auth()
  write(): object {
    return {};
  }

  @Get('payments')
  @Auth({ impersonation: false })
  payments(): object {
    return {};
  }

  @Get('fresh')
  @Auth({ fresh: true })
  fresh(): object {
    return {};
  }

  @Get('factor')
  @Auth({ methods: ['pwd'] })
  factor(): object {
    return {};
  }

  @Get('staff')
  @Auth({ roles: ['staff'] })
  staff(): object {
    return {};
  }
}

export const REASON = 'Ticket 4711: the report stays empty';

export interface Scene {
  readonly admin: Person;
  readonly user: Person;
  /** Of the administrator. */
  readonly browser: Client;
}

export async function scene(app: TestApp, roles: readonly string[] = []): Promise<Scene> {
  const admin = await newPerson(app, ['admin']);
  const user = await newPerson(app, roles);
  return { admin, user, browser: await signedIn(app, admin) };
}

export function impersonate(client: Client, userId: string, more: object = {}): Promise<Answer> {
  return client.post(`/auth/admin/users/${userId}/impersonate`, { reason: REASON, ...more });
}

/** A scene in which the administrator's browser acts as the user. */
export async function acting(app: TestApp, more: object = {}): Promise<Scene> {
  const begun = await scene(app);
  const answer = await impersonate(begun.browser, begun.user.userId, more);
  expect(answer.status, answer.text).toBe(200);
  return begun;
}

/** Rows about a user, of the kinds that are named. */
export function auditOf(app: TestApp, subjectId: string, ...types: readonly AuditRow['type'][]): Promise<AuditRow[]> {
  return app.dataSource.getRepository(AuditRow).findBy({ subjectId, type: In([...types]) });
}

export function sessionsOf(app: TestApp, userId: string): Promise<LoginSession[]> {
  return app.dataSource.getRepository(LoginSession).find({ where: { userId }, order: { createdAt: 'ASC' } });
}

export function cookieNames(answer: Answer): string[] {
  return answer.setCookies.map((line) => line.slice(0, line.indexOf('='))).sort();
}
