import { Injectable } from '@nestjs/common';
import { AuthSettings } from '../options/auth-settings.js';
import { ADMINISTRATOR } from './administrator.js';

const NOTHING: readonly string[] = Object.freeze([]);

/** What roles grant. A role without an entry grants nothing but its name. */
@Injectable()
export class RoleGrants {
  constructor(private readonly settings: AuthSettings) {}

  /** Whether one of the roles administers: by its name, or since it grants everything. */
  administers(roles: readonly string[]): boolean {
    return roles.includes(ADMINISTRATOR) || this.permissionsOf(roles).includes('*');
  }

  /** Permissions of several roles together, each once. */
  permissionsOf(roles: readonly string[]): readonly string[] {
    if (roles.length === 0) return NOTHING;
    return [...new Set(roles.flatMap((role) => this.settings.roles.grants[role] ?? []))];
  }
}
