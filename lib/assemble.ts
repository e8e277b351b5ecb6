import { Module, type DynamicModule, type Provider, type Type } from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { ProofOfPresence } from './access/proof-of-presence.js';
import { PRESENCE_PROOFS } from './access/tokens.js';
import { authEntities } from './auth-entities.js';
import { CHECK_SOURCES } from './checklist/tokens.js';
import type { CheckSource } from './checklist/check.js';
import { AUTH_DATA_SOURCE, AUTH_ENTITIES, SEALED_COLUMNS } from './database/tokens.js';
import { FEATURES } from './features.js';
import type { Job } from './jobs/job.js';
import { JOBS, REMAINS } from './jobs/tokens.js';
import {
  KERNEL_CHECKS,
  KERNEL_EXPORTS,
  KERNEL_JOBS,
  KERNEL_PROVIDERS,
  KERNEL_REMAINS,
  KERNEL_SEALED,
} from './kernel.js';
import type { MailComposer } from './mail/mail-composer.js';
import { MAIL_COMPOSERS } from './mail/tokens.js';
import type { AuthStructure, AuthValues } from './options/auth-options.js';
import { AuthSettings } from './options/auth-settings.js';
import { resolveSettings } from './options/resolve-options.js';
import { structureProblems } from './options/structure.js';
import { AUTH_STRUCTURE, AUTH_VALUES } from './options/tokens.js';
import type { SecondFactor } from './second-factors/second-factor.js';
import { SECOND_FACTORS } from './second-factors/tokens.js';
import { CREDENTIAL_ROWS } from './users/tokens.js';

/** The one flat module that `forRoot` and `forRootAsync` both end in. */
export function assemble(module: Type, structure: AuthStructure, values: Provider): DynamicModule {
  const options = optionProviders(structure, values);
  if (structureProblems(structure).length > 0) return refusing(structure, options);
  const checks: Type<CheckSource>[] = [...KERNEL_CHECKS, ...FEATURES.flatMap((feature) => feature.checks ?? [])];
  const jobs: Type<Job>[] = [...KERNEL_JOBS, ...FEATURES.flatMap((feature) => feature.jobs ?? [])];
  const composers: Type<MailComposer>[] = FEATURES.flatMap((feature) => feature.mails ?? []);
  const proofs: Type<ProofOfPresence>[] = FEATURES.flatMap((feature) => feature.proofs ?? []);
  const factors: Type<SecondFactor>[] = FEATURES.flatMap((feature) => feature.secondFactors ?? []);
  const entities = authEntities(structure);
  return {
    module,
    global: true,
    imports: [
      TypeOrmModule.forFeature(entities, structure.dataSource),
      RouterModule.register([{ path: structure.path ?? '/auth', module }]),
      ...(structure.imports ?? []),
    ],
    controllers: FEATURES.flatMap((feature) => feature.controllers ?? []),
    providers: [
      ...options,
      { provide: AUTH_DATA_SOURCE, useExisting: getDataSourceToken(structure.dataSource) },
      { provide: AUTH_ENTITIES, useValue: entities },
      { provide: SEALED_COLUMNS, useValue: [...KERNEL_SEALED, ...FEATURES.flatMap((feature) => feature.sealed ?? [])] },
      { provide: REMAINS, useValue: [...KERNEL_REMAINS, ...FEATURES.flatMap((feature) => feature.remains ?? [])] },
      { provide: CREDENTIAL_ROWS, useValue: FEATURES.flatMap((feature) => feature.credentials ?? []) },
      ...KERNEL_PROVIDERS,
      ...FEATURES.flatMap((feature) => feature.providers ?? []),
      ...collected<CheckSource>(CHECK_SOURCES, checks),
      ...collected<Job>(JOBS, jobs),
      ...collected<MailComposer>(MAIL_COMPOSERS, composers),
      ...collected<ProofOfPresence>(PRESENCE_PROOFS, proofs),
      ...collected<SecondFactor>(SECOND_FACTORS, factors),
      ...(structure.overrides ?? []),
    ],
    exports: [...KERNEL_EXPORTS, ...FEATURES.flatMap((feature) => feature.exports ?? [])],
  };
}

/** Nest has no multi-providers: each class by itself, and all of them as a list. */
function collected<T>(token: symbol, classes: Type<T>[]): Provider[] {
  return [...classes, { provide: token, useFactory: (...each: T[]) => each, inject: classes }];
}

function optionProviders(structure: AuthStructure, values: Provider): Provider[] {
  return [
    values,
    { provide: AUTH_STRUCTURE, useValue: structure },
    {
      provide: AuthSettings,
      useFactory: (given: AuthValues) => resolveSettings(given, process.env, { structure }),
      inject: [AUTH_VALUES],
    },
  ];
}

/**
 * Of a structure that is not valid Nest or TypeORM would make an error of their own. This module only reads the options,
 * which stops the start with everything that is wrong with structure and values.
 */
function refusing({ imports }: AuthStructure, providers: Provider[]): DynamicModule {
  const usable = Array.isArray(imports) ? (imports as NonNullable<AuthStructure['imports']>).filter(Boolean) : [];
  return { module: InvalidStructure, imports: usable, providers };
}

@Module({})
class InvalidStructure {}
