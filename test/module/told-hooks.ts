import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { AuthHooks, type AuthOptions, type BeforeRegister, type BeforeSignIn } from '../../lib/index.js';
import { startApp, type AppSetup, type TestApp, type User } from '../support/app.js';

export type HookName = 'beforeRegister' | 'onRegister' | 'onDelete' | 'beforeSignIn';

/** Does what a test tells it. */
@Injectable()
export class ToldHooks extends AuthHooks {
  readonly calls: [HookName, unknown][] = [];
  private readonly told = new Map<HookName, (...args: never[]) => unknown>();

  tell(name: HookName, behaviour: (...args: never[]) => unknown): void {
    this.told.set(name, behaviour);
  }

  forget(): void {
    this.told.clear();
  }

  override beforeRegister(registration: BeforeRegister): Promise<boolean | void> {
    return this.run('beforeRegister', registration);
  }
  override onRegister(user: object, manager: EntityManager): Promise<void> {
    return this.run('onRegister', user, manager) as Promise<void>;
  }
  override onDelete(user: object, manager: EntityManager): Promise<void> {
    return this.run('onDelete', user, manager) as Promise<void>;
  }
  override beforeSignIn(signIn: BeforeSignIn): Promise<boolean | void> {
    return this.run('beforeSignIn', signIn);
  }

  private async run(name: HookName, ...args: unknown[]): Promise<boolean | void> {
    this.calls.push([name, args[0]]);
    return this.told.get(name)?.(...(args as never[])) as boolean | void;
  }
}

export const never = (): Promise<never> => new Promise(() => undefined);

/** An application whose hooks do what its test tells them. */
export async function startTold(
  setup: AppSetup = {},
  auth: Partial<AuthOptions<User>> = {},
): Promise<{ app: TestApp; hooks: ToldHooks }> {
  const overrides = [{ provide: AuthHooks, useClass: ToldHooks }];
  const app = await startApp({ ...setup, auth: { overrides, ...auth } });
  return { app, hooks: app.get(AuthHooks) as ToldHooks };
}

export async function countIn(app: TestApp, table: string): Promise<number> {
  const [{ n }] = await app.dataSource.query(`SELECT count(*) AS n FROM ${table}`);
  return Number(n);
}
