import {
  Body,
  Controller,
  Delete,
  Get,
  Module,
  Post,
  UseFilters,
  RequestMethod,
  VersioningType,
  type INestApplication,
} from '@nestjs/common';
import { RouterModule } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule, type SwaggerDocumentOptions } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import * as v from 'valibot';
import { afterEach, describe, expect, it } from 'vitest';
import { Auth, OptionalAuth, Public } from '../access/auth.decorators.js';
import { RouteRules } from '../access/route-rules.js';
import { CookieJar } from '../cookies/cookie-jar.js';
import { AuthSettings } from '../options/auth-settings.js';
import { resolveSettings } from '../options/resolve-options.js';
import { AUTH_STRUCTURE } from '../options/tokens.js';
import { describeAuth, type DescribedOperation } from './describe-auth.js';
import { Input } from './input.decorator.js';
import { OAuthErrorFilter } from './oauth-error.filter.js';

@Controller('notes')
class NotesController {
  @Get() list() {}
  @Get(':id') @OptionalAuth() one() {}
  @Delete(':id') @Auth({ roles: ['admin'], methods: ['otp', 'hwk'], fresh: true }) remove() {}
  @Get('health') @Public() health() {}
  @Post(':id/tags/:tag') tag(@Body() _body: object) {}
}

@Controller({ path: 'things', version: ['1', '2'] })
class ThingsController {
  @Get() @Public() list() {}
}

const loginSchema = v.strictObject({
  email: v.pipe(v.string(), v.email(), v.maxLength(254)),
  password: v.string(),
  rememberMe: v.optional(v.boolean(), false),
  deliver: v.optional(v.picklist(['cookie', 'tokens'])),
});

@Controller()
class OwnController {
  @Post('login') @Public() login(@Input(loginSchema) _input: unknown) {}
  @Get('me') me() {}
}

@Controller('token')
@UseFilters(OAuthErrorFilter)
class FormController {
  @Post() @Public() token(@Input(loginSchema) _input: unknown) {}
}

@Module({ controllers: [NotesController, ThingsController] })
class NotesModule {}

const settings = resolveSettings({
  secret: 'hM4vT9qLx2Rz7Wb0KcYd5NfJs8Pg3UaE6oIyQtXw1Zk',
  baseUrl: 'https://api.example.com',
  environment: 'test',
});

@Module({
  imports: [NotesModule],
  controllers: [OwnController, FormController],
  providers: [
    RouteRules,
    CookieJar,
    OAuthErrorFilter,
    { provide: AuthSettings, useValue: settings },
    { provide: AUTH_STRUCTURE, useValue: {} },
  ],
})
class OwnModule {}

@Module({ imports: [OwnModule, RouterModule.register([{ path: '/auth', module: OwnModule }])] })
class Host {}

describe('describeAuth', () => {
  let app: INestApplication;
  afterEach(() => app.close());

  async function documentOf(
    prepare: (app: INestApplication) => unknown = () => undefined,
    options: SwaggerDocumentOptions = {},
  ) {
    app = (await Test.createTestingModule({ imports: [Host] }).compile()).createNestApplication({ logger: false });
    prepare(app);
    await app.init();
    return describeAuth(app, SwaggerModule.createDocument(app, new DocumentBuilder().build(), options));
  }
  const operation = (document: { paths: object }, verb: string, path: string): DescribedOperation => {
    const found = (document.paths as Record<string, Record<string, DescribedOperation>>)[path]?.[verb];
    if (found === undefined) throw new Error(`no ${verb} ${path} in ${Object.keys(document.paths).join(', ')}`);
    return found;
  };

  const SESSION = { gatehouseSession: [] };
  const BEARER = { gatehouseBearer: [] };
  const BOTH = { gatehouseSession: [], gatehouseCsrf: [] };

  function expectAll(document: { paths: object }, prefix: string, things: readonly string[]): void {
    const security = (verb: string, path: string) => operation(document, verb, `${prefix}${path}`).security;
    expect(security('get', '/notes')).toEqual([SESSION, BEARER]);
    expect(security('get', '/notes/{id}')).toEqual([SESSION, BEARER, {}]);
    expect(security('delete', '/notes/{id}')).toEqual([BOTH, BEARER]);
    expect(security('get', '/notes/health')).toEqual([]);
    expect(security('post', '/notes/{id}/tags/{tag}')).toEqual([BOTH, BEARER]);
    expect(security('post', '/auth/login')).toEqual([]);
    expect(security('get', '/auth/me')).toEqual([SESSION, BEARER]);
    for (const path of things) expect(security('get', path)).toEqual([]);
  }

  it('finds every operation without a global prefix', async () => {
    expectAll(await documentOf(), '', ['/things']);
  });

  it('finds every operation with a global prefix', async () => {
    expectAll(await documentOf((host) => host.setGlobalPrefix('api')), '/api', ['/things']);
  });

  it('finds every operation with a prefix that leaves some out', async () => {
    const exclude = [{ path: 'notes/health', method: RequestMethod.GET }];
    const document = await documentOf((host) => host.setGlobalPrefix('api', { exclude }));
    expect(operation(document, 'get', '/notes/health').security).toEqual([]);
    expect(operation(document, 'get', '/api/notes').security).toEqual([SESSION, BEARER]);
  });

  it('finds every operation with versions in the path', async () => {
    const document = await documentOf((host) =>
      host.enableVersioning({ type: VersioningType.URI }).setGlobalPrefix('api'),
    );
    expectAll(document, '/api', ['/v1/things', '/v2/things']);
  });

  it('finds every operation of a document without the prefix, and with other operation ids', async () => {
    const options = { ignoreGlobalPrefix: true, operationIdFactory: (_: string, method: string) => `op-${method}` };
    expectAll(await documentOf((host) => host.setGlobalPrefix('api'), options), '', ['/things']);
  });

  it('describes errors, schemes and our bodies', async () => {
    const document = await documentOf();
    expect(document.components).toMatchObject({
      schemas: { AuthError: { type: 'object' } },
      securitySchemes: {
        gatehouseSession: { type: 'apiKey', in: 'cookie', name: '__Host-auth_session' },
        gatehouseCsrf: { type: 'apiKey', in: 'header', name: 'X-CSRF-Token' },
        gatehouseBearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      },
    });
    expect(Object.keys(operation(document, 'get', '/notes').responses!)).toEqual(['200', '401', '403']);
    expect(Object.keys(operation(document, 'get', '/notes/health').responses!)).toEqual(['200']);
    const refusal = (verb: string, path: string) =>
      (operation(document, verb, path).responses!['403'] as { description: string }).description;
    expect(refusal('get', '/notes')).not.toContain('REQUIRED');
    expect(refusal('delete', '/notes/{id}')).toContain('SECOND_FACTOR_REQUIRED: asks for otp or hwk.');
    expect(refusal('delete', '/notes/{id}')).toContain('REAUTHENTICATION_REQUIRED');
    const token = operation(document, 'post', '/auth/token').requestBody as { content: object };
    expect(Object.keys(token.content)).toEqual(['application/json', 'application/x-www-form-urlencoded']);
    const login = operation(document, 'post', '/auth/login');
    expect(Object.keys(login.responses!)).toEqual(['201', '429']);
    expect(login.requestBody).toEqual({
      required: true,
      content: {
        'application/json': {
          schema: {
            type: 'object',
            properties: {
              email: { type: 'string', format: 'email', maxLength: 254 },
              password: { type: 'string' },
              rememberMe: { type: 'boolean' },
              deliver: { enum: ['cookie', 'tokens'] },
            },
            required: ['email', 'password'],
            additionalProperties: false,
          },
        },
      },
    });
  });
});
