import { Injectable, type Type } from '@nestjs/common';
import { GUARDS_METADATA } from '@nestjs/common/constants.js';
import { CheckSource, passed, type Check, type CheckOutcome } from '../checklist/check.js';
import { identifierEvidence, optionEvidence } from '../checklist/evidence.js';
import { AuthSettings } from '../options/auth-settings.js';
import { AdministratorRoles } from './administrator-roles.query.js';
import { AuthSeal } from './auth-seal.js';
import type { CompiledRule } from './compiled-rule.js';
import { RouteRules, type RouteEntry } from './route-rules.js';

/** Where administration begins: what stands deeper, such as `/teams/:id/admin`, is a thing of the application. */
const ADMINISTRATION = /^\/?(?:api\/)?(?:v\d+\/)?(?:admin|administration)(?:\/|$)/i;
const NAMED_ROUTES = 30;

/** Whether what is for administrators is for them alone. */
@Injectable()
export class AdministrationChecks extends CheckSource {
  constructor(
    private readonly rules: RouteRules,
    private readonly administrators: AdministratorRoles,
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
    const open = this.rules.entries().filter((entry) => isAdministration(entry) && isOpenDoor(entry));
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

/** A page that is `@Public()` to be read, such as that of a sign-in, stands on the list of public routes. */
function isOpenDoor(entry: RouteEntry): boolean {
  const isPage = entry.rule.mode === 'public' && entry.route?.method === 'GET';
  return !isPage && !asksForMore(entry.rule) && !hasGuardOfItsOwn(entry);
}

/** Whose guards know more than ours can see. */
function hasGuardOfItsOwn({ controller, handler }: RouteEntry): boolean {
  const method = (controller.prototype as Readonly<Record<string, object>>)[handler];
  const guards = [controller, method].flatMap((target) =>
    target === undefined ? [] : ((Reflect.getMetadata(GUARDS_METADATA, target) as (object | Type)[] | undefined) ?? []),
  );
  return guards.some((guard) => !(guard instanceof AuthSeal));
}

/** More than that somebody is signed in. */
function asksForMore({ mode, roles, permissions, scopes, policies }: CompiledRule): boolean {
  return mode === 'required' && roles.length + permissions.length + scopes.length + policies.length > 0;
}
