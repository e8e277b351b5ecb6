import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyChanges } from '../../lib/cli/init/apply-changes.js';
import { readProject } from '../../lib/cli/init/nest-project.js';
import { planInit } from '../../lib/cli/init/plan-init.js';
import { filesOf, initialise, projectOf, type Files } from './project-kit.js';

const MAIN = `import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

async function bootstrap() {
  const app = await NestFactory.create(AppModule);
  await app.listen(3000);
}
await bootstrap();
`;

function project(files: Files = {}): Files {
  return {
    'package.json':
      '{ "name": "@shop/api", "type": "module", "dependencies": { "@nestjs/core": "^12.0.1", "pg": "^8.0.0" } }',
    'src/main.ts': MAIN,
    'src/app.module.ts': moduleWith('imports: [],'),
    ...files,
  };
}

function moduleWith(definition: string, before = ''): string {
  return `import { Module } from '@nestjs/common';\n${before}\n@Module({\n  ${definition}\n})\nexport class AppModule {}\n`;
}

const ENTRIES = `TypeOrmModule.forRoot({ ...databaseOptions(), autoLoadEntities: true })`;
const AUTH = 'AuthModule.forRootAsync({ userEntity: User, useFactory: authValues })';

describe('gatehouse init', () => {
  it('adds the module, and at the second time nothing', () => {
    const root = projectOf(project({ '.gitignore': 'dist' }));
    const plan = initialise(root);
    const files = filesOf(root);
    expect(files['src/app.module.ts']).toContain(`  imports: [\n    ${ENTRIES},\n    ${AUTH},\n  ],`);
    expect(files['src/main.ts']).toContain('(AppModule);\n  harden(app);\n  app.enableShutdownHooks();\n  await');
    expect(files['.gitignore']).toBe('dist\n.env\n*.sqlite*\n');
    expect(files['.env']).toMatch(/^AUTH_SECRET=[\w-]{43}\n$/);
    expect(files['.env.example']).toMatch(/^AUTH_SECRET=$/m);
    expect(files['src/auth/auth-values.ts']).toContain("appName: 'api'");
    expect(statSync(join(root, '.env')).mode & 0o777).toBe(0o600);
    expect(plan.packages.map((name) => name.replace(/@[^@]*$/, ''))).toEqual(
      expect.arrayContaining(['nestjs-gatehouse', '@nestjs/typeorm', 'typeorm', 'better-sqlite3']),
    );
    expect(plan.packages.join()).not.toMatch(/(?:^|,)pg@/);
    const again = initialise(root);
    expect(again.changes).toEqual([]);
    expect(filesOf(root)).toEqual(files);
    expect(readdirSync(root).sort()).toEqual([
      '.env',
      '.env.example',
      '.gitignore',
      'node_modules',
      'package.json',
      'src',
    ]);
  });

  it.each([
    ['none', 'controllers: [],', `{\n  imports: [\n    ${ENTRIES},\n    ${AUTH},\n  ],\n  controllers: [],`],
    ['one line', 'imports: [A, B],', `imports: [A, B, ${ENTRIES}, ${AUTH}],`],
    ['lines', 'imports: [\n    A,\n  ],', `imports: [\n    A,\n    ${ENTRIES},\n    ${AUTH},\n  ],`],
    ['lines without a last comma', 'imports: [\n    A\n  ],', `imports: [\n    A,\n    ${ENTRIES},\n    ${AUTH}\n  ],`],
  ])('puts them behind what is imported: %s', (_, before, after) => {
    const root = projectOf(project({ 'src/app.module.ts': moduleWith(before, 'const A = {}, B = {};\n') }));
    initialise(root);
    expect(filesOf(root)['src/app.module.ts']).toContain(after);
  });

  it('writes as the files are written: quotation marks, semicolons, ends of lines, imports without an ending', () => {
    const crlf = (text: string): string => text.replaceAll('\n', '\r\n');
    const strange = MAIN.replaceAll("'", '"').replaceAll(';', '').replace('.module.js', '.module');
    const module = moduleWith('imports: [],').replaceAll("'", '"');
    const root = projectOf(project({ 'src/main.ts': crlf(strange), 'src/app.module.ts': crlf(module) }));
    initialise(root);
    const files = filesOf(root);
    for (const [name, text] of Object.entries(files)) {
      if (/\.ts$/.test(name)) expect(text.replaceAll('\r\n', ''), name).not.toMatch(/\n|(?<!")'/);
    }
    expect(files['src/main.ts']).toContain('import { harden } from "nestjs-gatehouse"\r\n');
    expect(files['src/main.ts']).not.toContain(';');
    expect(files['src/data-source.ts']).toContain('from "./auth/database";');
  });

  it('takes the database that is there, and the users, and goes out of the way of another AuthModule', () => {
    const before = [
      "import { AuthModule } from './auth/auth.module.js';",
      "import { TypeOrmModule } from '@nestjs/typeorm';",
      '',
    ].join('\n');
    const definition = "imports: [TypeOrmModule.forRoot({ type: 'postgres', entities: [] }), AuthModule],";
    const user = "import { Entity } from 'typeorm';\n@Entity('people')\nexport class User {}\n";
    const own = { 'src/auth/auth.module.ts': 'export class AuthModule {}\n', 'src/people/user.entity.ts': user };
    const root = projectOf(project({ 'src/app.module.ts': moduleWith(definition, before), ...own }));
    const { advice } = initialise(root);
    const files = filesOf(root);
    expect(files['src/app.module.ts']).toContain("import { AuthModule as GatehouseModule } from 'nestjs-gatehouse';");
    expect(files['src/app.module.ts']).toContain("import { User } from './people/user.entity.js';");
    expect(files['src/app.module.ts']).toContain('AuthModule, GatehouseModule.forRootAsync({ userEntity: User');
    expect(Object.keys(files).filter((name) => name.startsWith('src/gatehouse'))).toEqual(
      ['src/gatehouse/environment.ts', 'src/gatehouse/auth-values.ts'].sort(),
    );
    expect(files['src/people/user.entity.ts']).toBe(user);
    expect(advice.join('\n')).toMatch(/extend AuthUser[\s\S]*autoLoadEntities/);
    expect(initialise(root).changes).toEqual([]);
  });

  it('leaves modes and links of files as they are', () => {
    const root = projectOf(project({ 'kept/env': 'PORT=1\n' }));
    symlinkSync('kept/env', join(root, '.env'));
    chmodSync(join(root, 'kept/env'), 0o640);
    chmodSync(join(root, 'src/main.ts'), 0o755);
    initialise(root);
    expect(lstatSync(join(root, '.env')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(root, 'kept/env'), 'utf8')).toMatch(/^PORT=1\nAUTH_SECRET=/);
    expect(statSync(join(root, 'kept/env')).mode & 0o777).toBe(0o640);
    expect(statSync(join(root, 'src/main.ts')).mode & 0o777).toBe(0o755);
    expect(readdirSync(join(root, 'kept'))).toEqual(['env']);
  });

  it('has git ignore a secret before it is there', () => {
    const root = projectOf({});
    // Where a folder is, no file can be put.
    mkdirSync(join(root, '.env'));
    const change = { isNew: true, what: '' };
    const changes = [
      { ...change, path: join(root, '.env'), text: 'AUTH_SECRET=x\n' },
      { ...change, path: join(root, '.gitignore'), text: '.env\n' },
    ];
    expect(() => applyChanges(changes)).toThrow();
    expect(filesOf(root)).toEqual({ '.gitignore': '.env\n' });
  });

  it('writes no secret into a file that git keeps', () => {
    const root = projectOf(project({ '.env': 'PORT=1\n' }));
    const git = (...args: string[]) => execFileSync('git', args, { cwd: root, stdio: 'ignore' });
    git('init');
    git('add', '.env');
    const { advice } = initialise(root);
    expect(filesOf(root)['.env']).toBe('PORT=1\n');
    expect(advice.join('\n')).toContain('git rm --cached .env');
    git('rm', '--cached', '.env');
    initialise(root);
    expect(filesOf(root)['.env']).toMatch(/AUTH_SECRET=/);
  });

  it('gives Fastify what only its constructor takes', () => {
    const fastify = MAIN.replace('(AppModule)', '(AppModule, new FastifyAdapter())').replace(
      'import { AppModule }',
      "import { FastifyAdapter } from '@nestjs/platform-fastify';\nimport { AppModule }",
    );
    const root = projectOf(project({ 'src/main.ts': fastify }));
    initialise(root);
    expect(filesOf(root)['src/main.ts']).toContain('new FastifyAdapter(fastifyOptions(authValues()))');
  });

  it.each([
    ['no project', { 'package.json': '' }, /is not JSON/],
    ['no Nest', { 'package.json': '{}' }, /no Nest project/],
    ['an old Nest', { 'package.json': '{ "dependencies": { "@nestjs/core": "^11.0.0" } }' }, /needs Nest 12/],
    ['a monorepo', { 'nest-cli.json': '{ "monorepo": true }' }, /--main/],
    ['no main file', { 'nest-cli.json': '{ "entryFile": "server" }' }, /There is no/],
    ['a main file without an application', { 'src/main.ts': 'export {};\n' }, /no NestFactory/],
    ['two applications', { 'src/main.ts': `${MAIN}NestFactory.create(AppModule);\n` }, /several applications/],
    ['a file that cannot be read', { 'src/app.module.ts': 'export class {{{' }, /cannot be read/],
    ['imports that are no list', { 'src/app.module.ts': moduleWith('imports: ALL,') }, /not written as a list/],
    ['a file under the name of ours', { 'src/data-source.ts': 'export {};\n' }, /is there already/],
  ])('changes nothing at all where it finds %s', (_, files, message) => {
    const root = projectOf(project(files));
    const before = filesOf(root);
    expect(() => planInit(readProject(root, {}))).toThrow(message);
    expect(filesOf(root)).toEqual(before);
  });
});
