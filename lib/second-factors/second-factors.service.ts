import { Inject, Injectable } from '@nestjs/common';
import { isMultiFactor, METHODS } from '../common/authentication-methods.js';
import { AuthError } from '../errors/auth-error.js';
import { AuthSettings } from '../options/auth-settings.js';
import { UserDirectory } from '../users/user-directory.js';
import type { FactorStanding, SecondFactor } from './second-factor.js';
import { SECOND_FACTORS } from './tokens.js';

interface HeldFactor {
  readonly factor: SecondFactor;
  readonly standing: FactorStanding;
}

/** Which second factors there are, which an account has, and when sign-in asks for one. */
@Injectable()
export class SecondFactors {
  constructor(
    @Inject(SECOND_FACTORS) readonly all: readonly SecondFactor[],
    private readonly users: UserDirectory,
    private readonly settings: AuthSettings,
  ) {}

  /** Whether the option `secondFactor` asks one of whoever has these roles. */
  isRequiredOf(roles: readonly string[]): boolean {
    const { everybody, roles: required } = this.settings.secondFactor;
    return everybody || roles.some((role) => required.includes(role));
  }

  /**
   * The factors that a sign-in of the account has to be finished with, any one of them; empty when none is due: the account
   * has none that demands it, and none at all where the option `secondFactor` does.
   */
  async dueOf(userId: string): Promise<readonly SecondFactor[]> {
    const held = await this.takenOf(userId);
    const demands = held.some(({ standing }) => standing === 'demanding');
    const suffices = demands || held.some(({ standing }) => standing === 'usable');
    if (!suffices || (!demands && !(await this.isRequired(userId)))) return [];
    return held.map(({ factor }) => factor);
  }

  /** The factors that the account has, spare ones left out unless there is another. */
  async usableBy(userId: string): Promise<readonly SecondFactor[]> {
    const held = await this.takenOf(userId);
    return held.some(({ standing }) => standing !== 'spare') ? held.map(({ factor }) => factor) : [];
  }

  /**
   * What a session must have proven before a factor of the account is added, replaced or removed: as much as the account can
   * prove, or whoever has the password alone would put a factor of his own beside the owner's and pass for two. Where sign-in
   * asks for no factor, a mailed code beside another proof will do as well, for owners who have lost theirs.
   *
   * @returns what says of a session's methods why they are not enough: `SECOND_FACTOR_REQUIRED` (403)
   */
  async demandOn(userId: string): Promise<(methods: readonly string[]) => AuthError | undefined> {
    const held = (await this.heldBy(userId)).filter(({ standing }) => standing !== 'spare');
    if (held.length === 0) return () => undefined;
    const due = (await this.dueOf(userId)).map(({ kind }) => kind);
    const isDue = due.length > 0;
    const usable = held.filter(({ standing }) => standing !== 'refused').map(({ factor }) => factor.kind);
    const kinds = isDue ? due : [...usable, 'emailCode'];
    return (methods) => {
      if (isMultiFactor(methods)) return undefined;
      if (!isDue && methods.includes(METHODS.mail) && methods.length > 1) return undefined;
      return new AuthError('SECOND_FACTOR_REQUIRED', { details: { methods: kinds } });
    };
  }

  private async takenOf(userId: string): Promise<readonly HeldFactor[]> {
    return (await this.heldBy(userId)).filter(({ standing }) => standing !== 'refused');
  }

  private async heldBy(userId: string): Promise<readonly HeldFactor[]> {
    const each = await Promise.all(
      this.all.map(async (factor) => ({ factor, standing: await factor.standingOf(userId) })),
    );
    return each.filter(({ standing }) => standing !== 'none');
  }

  private async isRequired(userId: string): Promise<boolean> {
    const { everybody, roles } = this.settings.secondFactor;
    if (everybody || roles.length === 0) return everybody;
    return this.isRequiredOf((await this.users.publicUser(userId))?.roles ?? []);
  }
}
