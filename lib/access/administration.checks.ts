import { Injectable } from '@nestjs/common';
import { CheckSource, passed, type Check, type CheckOutcome } from '../checklist/check.js';
import { identifierEvidence, optionEvidence } from '../checklist/evidence.js';
import { AuthSettings } from '../options/auth-settings.js';
import { Administrators } from './administrators.query.js';
import type { CompiledRule } from './compiled-rule.js';
import { RouteRules, type RouteEntry } from './route-rules.js';

const ADMINISTRATION = /(?:^|\/)(?:admin|administration)(?:\/|$)/i;
const NAMED_ROUTES = 30;

/** Whether what is for administrators is for them alone. */
@Injectable()
export class AdministrationChecks extends CheckSource {
  constructor(
    private readonly rules: RouteRules,
    private readonly administrators: Administrators,
    private readonly settings: AuthSettings,
  ) {
    super();
  }

  override checks(): readonly Check[] {
    return [
      {
        id: 'access.administration',
        title: 'Routes below /admin ask who may call them',
        area: 'access',
        severity: 'refuse',
        source: 'ASVS 5.0 V8.2.1, V8.4.2',
        run: () => this.routes(),
      },
      {
        id: 'access.default-roles',
        title: 'Nobody is an administrator from the beginning',
        area: 'access',
        severity: 'refuse',
        source: 'ASVS 5.0 V8.2.1',
        run: () => this.defaultRoles(),
      },
    ];
  }

  private routes(): CheckOutcome {
    const open = this.rules.entries().filter((entry) => isAdministration(entry) && !asksForMore(entry.rule));
    if (open.length === 0) return passed;
    return {
      status: 'finding',
      evidence: {
        count: open.length,
        routes: open
          .slice(0, NAMED_ROUTES)
          .map(({ controller, handler }) => identifierEvidence(`${controller.name}.${handler}`)),
      },
      change:
        "Put @Auth({ roles: ['admin'] }), or permissions or a policy, on these handlers: everybody who signs in may call them, or everybody at all.",
    };
  }

  private defaultRoles(): CheckOutcome {
    const powerful = this.settings.roles.default.filter((role) => this.administrators.roles.includes(role));
    if (powerful.length === 0) return passed;
    return {
      status: 'finding',
      evidence: { option: optionEvidence('roles.default'), powerful: powerful.length },
      change:
        "Take 'admin', and roles that grant '*', out of roles.default: whoever registers is an administrator otherwise.",
    };
  }
}

function isAdministration({ kind, route }: RouteEntry): boolean {
  return kind === 'http' && (route?.paths.some((path) => ADMINISTRATION.test(path)) ?? false);
}

/** More than that somebody is signed in. */
function asksForMore({ mode, roles, permissions, scopes, policies }: CompiledRule): boolean {
  return mode === 'required' && roles.length + permissions.length + scopes.length + policies.length > 0;
}
