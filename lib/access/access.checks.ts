import { Inject, Injectable } from '@nestjs/common';
import { CheckSource, passed, type Check, type CheckOutcome } from '../checklist/check.js';
import { identifierEvidence } from '../checklist/evidence.js';
import type { AuthStructure } from '../options/auth-options.js';
import { AUTH_STRUCTURE } from '../options/tokens.js';
import { RouteRules } from './route-rules.js';

const NAMED_ROUTES = 30;

@Injectable()
export class AccessChecks extends CheckSource {
  constructor(
    private readonly rules: RouteRules,
    @Inject(AUTH_STRUCTURE) private readonly structure: AuthStructure,
  ) {
    super();
  }

  override checks(): readonly Check[] {
    return [
      {
        id: 'access.public-routes',
        title: 'Routes that anybody may call',
        area: 'access',
        severity: 'warn',
        source: 'ASVS 5.0 V8.1.1',
        run: () => this.publicRoutes(),
      },
      {
        id: 'access.protect-marked',
        title: 'Routes are protected unless they are marked public',
        area: 'access',
        severity: 'warn',
        source: 'ASVS 5.0 V8.2.1',
        run: () => this.protectMarked(),
      },
    ];
  }

  private publicRoutes(): CheckOutcome {
    const routes = this.rules.publicRoutes();
    if (routes.length === 0) return passed;
    return {
      status: 'finding',
      evidence: {
        count: routes.length,
        routes: routes
          .slice(0, NAMED_ROUTES)
          .map(({ controller, handler }) => identifierEvidence(`${controller}.${handler}`)),
      },
      change:
        'Read the list once. Remove @Public() from what should be protected, or accept the finding with a reason.',
    };
  }

  private protectMarked(): CheckOutcome {
    if ((this.structure.protect ?? 'all') === 'all') return passed;
    return {
      status: 'finding',
      evidence: { open: this.rules.publicRoutes().length },
      change: "Remove `protect: 'marked'` from AuthModule.forRoot() and mark open routes @Public().",
    };
  }
}
