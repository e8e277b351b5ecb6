import { Injectable } from '@nestjs/common';
import { AuthSettings } from '../options/auth-settings.js';

/** What roles grant. A role without an entry grants nothing but its name. */
@Injectable()
export class RoleGrants {
  constructor(private readonly settings: AuthSettings) {}

  /** Permissions of several roles together, each once. */
  permissionsOf(roles: readonly string[]): readonly string[] {
    return [...new Set(roles.flatMap((role) => this.settings.roles.grants[role] ?? []))];
  }
}
