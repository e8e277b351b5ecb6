import type { INestApplicationContext } from '@nestjs/common';
import { EXCEPTION_FILTERS_METADATA } from '@nestjs/common/constants.js';
import { RouteRules, type RouteEntry } from '../access/route-rules.js';
import { CookieJar } from '../cookies/cookie-jar.js';
import { AUTH_ERRORS } from '../errors/error-codes.js';
import { INPUT_SCHEMA } from './input.decorator.js';
import { jsonSchemaOf, type JsonSchema } from './json-schema.js';
import { OAuthErrorFilter } from './oauth-error.filter.js';
import { RoutePaths } from './route-paths.js';

/** The part of an OpenAPI 3 operation that is written. */
export interface DescribedOperation {
  operationId?: string | undefined;
  security?: Record<string, string[]>[] | undefined;
  responses?: Record<string, unknown> | undefined;
  requestBody?: unknown;
}

/** What `SwaggerModule.createDocument()` makes, as far as it is read. */
export interface DescribedDocument {
  paths: Record<string, unknown>;
  components?: { schemas?: Record<string, unknown>; securitySchemes?: Record<string, unknown> } | undefined;
}

const SESSION = 'gatehouseSession';
const BEARER = 'gatehouseBearer';
const CSRF = 'gatehouseCsrf';
const ERROR = 'AuthError';
const SAFE = /^(?:get|head|options)$/;
const VERBS = /^(?:get|put|post|delete|options|head|patch|trace|search|query)$/;

/**
 * Writes into an OpenAPI document what the rules of the application say: `security` of every operation, 401, 403 and 429
 * answers with one shared schema, and the bodies of Gatehouse's own endpoints. Works with and without global prefix,
 * versions and module paths. Operations that belong to no handler are left alone.
 *
 * @example
 * const document = describeAuth(app, SwaggerModule.createDocument(app, config));
 * @returns the document that was given, changed in place
 */
export function describeAuth<Document extends DescribedDocument>(
  app: INestApplicationContext,
  document: Document,
): Document {
  const components = (document.components ??= {});
  components.schemas = { ...components.schemas, [ERROR]: ERROR_SCHEMA };
  components.securitySchemes = {
    ...components.securitySchemes,
    [SESSION]: { type: 'apiKey', in: 'cookie', name: app.get(CookieJar, { strict: false }).nameOf('session') },
    [CSRF]: { type: 'apiKey', in: 'header', name: 'X-CSRF-Token' },
    [BEARER]: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  };
  const operations = operationsOf(document);
  const paths = RoutePaths.in(app);
  for (const entry of app.get(RouteRules, { strict: false }).entries()) {
    if (entry.kind !== 'http') continue;
    operationsFor(entry, operations, paths).forEach(({ verb, operation }) => describe(entry, verb, operation));
  }
  return document;
}

interface FoundOperation {
  readonly verb: string;
  readonly operation: DescribedOperation;
}

function describe(entry: RouteEntry, verb: string, operation: DescribedOperation): void {
  const { mode, via, scopes } = entry.rule;
  const session: Record<string, string[]> = SAFE.test(verb) ? { [SESSION]: [] } : { [SESSION]: [], [CSRF]: [] };
  const credentials = [
    ...(via === undefined || via.includes('session') ? [session] : []),
    ...(via === undefined || via.includes('bearer') ? [{ [BEARER]: [...scopes] }] : []),
  ];
  if (mode === 'public') operation.security = [];
  if (mode === 'optional') operation.security = [...credentials, {}];
  if (mode === 'required' && credentials.length > 0) operation.security = credentials;
  operation.responses = { ...Object.fromEntries(answersOf(entry)), ...operation.responses };
  const body = entry.own ? bodyOf(entry) : undefined;
  if (body === undefined) return;
  const content = Object.fromEntries(bodyTypes(entry).map((type) => [type, { schema: body }]));
  operation.requestBody = { required: true, content };
}

/** The token endpoints read forms as well (RFC 6749 §3.2). */
function bodyTypes({ controller }: RouteEntry): readonly string[] {
  const filters = (Reflect.getMetadata(EXCEPTION_FILTERS_METADATA, controller) ?? []) as readonly unknown[];
  const json = 'application/json';
  return filters.includes(OAuthErrorFilter) ? [json, 'application/x-www-form-urlencoded'] : [json];
}

function bodyOf({ controller, handler }: RouteEntry): JsonSchema | undefined {
  const method = (controller.prototype as Record<string, object>)[handler]!;
  return jsonSchemaOf(Reflect.getMetadata(INPUT_SCHEMA, method));
}

const NOT_MET = 'The rule of this route is not met, or the CSRF token is missing.';
const NOT_FRESH = 'REAUTHENTICATION_REQUIRED: asks for a sign-in or re-authentication just before.';

function answersOf({ rule, own }: RouteEntry): readonly (readonly [string, unknown])[] {
  const { mode, fresh, methods } = rule;
  const asked = methods.map((anyOf) => `SECOND_FACTOR_REQUIRED: asks for ${anyOf.join(' or ')}.`);
  const refusal = [NOT_MET, ...asked, ...(fresh ? [NOT_FRESH] : [])].join(' ');
  return [
    ...(mode === 'required' ? [errorAnswer(401, 'No usable credential.'), errorAnswer(403, refusal)] : []),
    ...(own ? [errorAnswer(429, 'Too many requests; see Retry-After.')] : []),
  ];
}

function errorAnswer(status: number, description: string): readonly [string, unknown] {
  const schema = { $ref: `#/components/schemas/${ERROR}` };
  return [String(status), { description, content: { 'application/json': { schema } } }];
}

const ERROR_SCHEMA = {
  type: 'object',
  required: ['statusCode', 'error', 'code', 'message'],
  properties: {
    statusCode: { type: 'integer' },
    error: { type: 'string' },
    code: { type: 'string', enum: Object.keys(AUTH_ERRORS) },
    message: { type: 'string' },
    error_description: { type: 'string' },
    details: {},
  },
};

interface OperationIndex {
  readonly byRoute: ReadonlyMap<string, readonly FoundOperation[]>;
  readonly byId: ReadonlyMap<string, readonly FoundOperation[]>;
}

/** By path, else by path in a document made with `ignoreGlobalPrefix`, else by the name that the scanner gives. */
function operationsFor(entry: RouteEntry, index: OperationIndex, paths: RoutePaths): readonly FoundOperation[] {
  const verb = entry.route!.method.toLowerCase();
  for (const prefixed of [true, false]) {
    const found = paths.of(entry, prefixed).flatMap((path) => index.byRoute.get(`${verb} ${shapeOf(path)}`) ?? []);
    if (found.length > 0) return found;
  }
  return index.byId.get(`${entry.controller.name}_${entry.handler}`) ?? [];
}

function operationsOf(document: DescribedDocument): OperationIndex {
  const byRoute = new Map<string, FoundOperation[]>();
  const byId = new Map<string, FoundOperation[]>();
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [verb, operation] of Object.entries(item as Record<string, DescribedOperation>)) {
      if (!VERBS.test(verb)) continue;
      add(byRoute, [`${verb} ${shapeOf(path)}`, `all ${shapeOf(path)}`], { verb, operation });
      // Without an alias number, a version or the verb of an @All() route, which the scanner appends.
      const name = operation.operationId?.replace(/(?:\[\d+\])?(?:_v?\d[\w.]*|_[a-z]+)?$/, '');
      add(byId, [name, operation.operationId], { verb, operation });
    }
  }
  return { byRoute, byId };
}

function add(index: Map<string, FoundOperation[]>, keys: readonly (string | undefined)[], found: FoundOperation): void {
  for (const key of new Set(keys)) if (key !== undefined) index.set(key, [...(index.get(key) ?? []), found]);
}

/** The path with every parameter made the same, whether written `:id`, `{id}` or `*rest`. */
function shapeOf(path: string): string {
  return path.replace(/\{[^}]*\}|[:*]\w+/g, '{}').replace(/(?<=^\/|[^/])\/+$/, '');
}
