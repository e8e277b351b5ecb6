import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { Refusal } from '../refusal.js';
import {
  added,
  environmentAddition,
  exampleAddition,
  ignoreAddition,
  isTracked,
  type Addition,
} from './environment-files.js';
import { MainFile } from './main-file.js';
import { ModuleFile } from './module-file.js';
import { besideMain, type NestProject } from './nest-project.js';
import { NEW_FILES, newFile, SIGN_OF, type Manner } from './new-files.js';
import { missingPackages } from './packages.js';
import { SourceText } from './source-text.js';

/** A file as it is to be, whole. */
export interface FileChange {
  readonly path: string;
  readonly text: string;
  readonly isNew: boolean;
  /** What was done to it, for whoever reads. */
  readonly what: string;
}

export interface InitPlan {
  readonly changes: readonly FileChange[];
  readonly packages: readonly string[];
  /** What only somebody who knows the application can do now. */
  readonly advice: readonly string[];
}

/** Works out every change before any is made. */
export function planInit(project: NestProject): InitPlan {
  const { ts, root } = project;
  const main = new MainFile(ts, new SourceText(ts, project.mainFile));
  const { name, file } = main.rootModule();
  const source = file === project.mainFile ? main.source : new SourceText(ts, file);
  const sources = readSources(besideMain(project));
  const module = new ModuleFile(ts, source, name);
  const texts = [...sources.values()];
  const hasModule = texts.some((text) => isGatehouse(text));
  const databases = texts.filter((text) => /\bTypeOrmModule\s*\.\s*forRoot(?:Async)?\(/.test(text));
  const folder = folderFor(project);
  const users = userFileOf(sources) ?? besideMain(project, folder, 'user.entity.ts');
  const manner: Manner = { quote: main.source.quote, eol: main.source.eol, extension: main.source.extension };
  const advice: string[] = [];
  const changes: FileChange[] = [];

  if (!hasModule) {
    const ownDatabase = databases.length === 0;
    const names = ownDatabase ? NEW_FILES : NEW_FILES.filter((file) => !/database|data-source/.test(file));
    const made = names.filter((name) => name !== 'user.entity.ts' || !sources.has(users));
    const places = { folder, users: specifierTo(besideMain(project, 'data-source.ts'), users) };
    changes.push(...made.flatMap((file) => newFileChange(project, places, file, manner)));
    importInto(module, ownDatabase, specifierTo(file, besideMain(project, folder)), specifierTo(file, users));
    if (sources.get(users)?.includes('extends AuthUser') === false) {
      advice.push(
        `Make User in ${relative(root, users)} extend AuthUser of nestjs-gatehouse, or name its columns in userColumns: docs/users.md.`,
      );
    }
    if (databases.some((text) => !text.includes('autoLoadEntities'))) {
      advice.push(
        'Give TypeOrmModule.forRoot() `autoLoadEntities: true`, or `...authEntities({ userEntity: User })` in `entities`.',
      );
    }
  }
  const calls = main.setUp();
  const fastify = hasModule ? undefined : main.setUpFastify(`./${folder}/auth-values`);
  advice.push(...adviceOnMain(main.source.before, calls, fastify));
  const edited = new Set([main.source, source]);
  for (const text of edited) {
    if (text.after === text.before) continue;
    const what = [
      ...(text === main.source ? (calls ?? []) : []),
      ...(text === source && !hasModule ? ['AuthModule in imports'] : []),
    ];
    changes.push({ path: text.path, text: text.after, isNew: false, what: what.join(', ') });
  }
  const secret = appended(join(root, '.env'), environmentAddition, 'a new AUTH_SECRET, for this checkout alone');
  const isShared = secret.length > 0 && isTracked(join(root, '.env'));
  if (isShared) advice.push(ENV_IS_SHARED);
  changes.push(
    ...(isShared ? [] : secret),
    ...appended(join(root, '.env.example'), exampleAddition, 'every variable, without values that are secret'),
    ...appended(join(root, '.gitignore'), ignoreAddition, 'keeps .env and the SQLite file out of the repository'),
  );
  return {
    changes,
    packages: missingPackages(
      project,
      databases.every((text) => text.includes('databaseOptions()')),
    ),
    advice,
  };
}

function importInto(module: ModuleFile, ownDatabase: boolean, folder: string, users: string): void {
  const { source } = module;
  // Many applications have an AuthModule of their own.
  const alias = source.originOf('AuthModule') === undefined ? 'AuthModule' : 'GatehouseModule';
  if (ownDatabase && source.originOf('TypeOrmModule') === undefined) source.import('TypeOrmModule', '@nestjs/typeorm');
  source.import(alias === 'AuthModule' ? alias : `AuthModule as ${alias}`, 'nestjs-gatehouse');
  source.import('authValues', `${folder}/auth-values${source.extension}`);
  if (ownDatabase) source.import('databaseOptions', `${folder}/database${source.extension}`);
  if (source.originOf('User') === undefined) source.import('User', `${users}${source.extension}`);
  module.addImports([
    ...(ownDatabase ? ['TypeOrmModule.forRoot({ ...databaseOptions(), autoLoadEntities: true })'] : []),
    `${alias}.forRootAsync({ userEntity: User, useFactory: authValues })`,
  ]);
}

function newFileChange(
  project: NestProject,
  places: { readonly folder: string; readonly users: string },
  name: (typeof NEW_FILES)[number],
  manner: Manner,
): FileChange[] {
  const path = besideMain(project, places.folder, name);
  if (existsSync(path)) {
    if (readFileSync(path, 'utf8').includes(SIGN_OF[name])) return [];
    throw new Refusal(`${path} is there already and is something else: rename it first. Nothing was changed.`);
  }
  const text = newFile(name, project.name, places, manner);
  return [
    {
      path,
      text,
      isNew: true,
      what: WHAT[name],
    },
  ];
}

const ENV_IS_SHARED =
  'git keeps .env, so no secret was written into it. Take it out: git rm --cached .env. Then run this command again, and ' +
  'replace every secret that it has held.';

const WHAT: Record<(typeof NEW_FILES)[number], string> = {
  'user.entity.ts': 'the users: columns of your own go here',
  'auth-values.ts': 'options of Gatehouse, from the environment',
  'environment.ts': 'reads .env',
  'database.ts': 'SQLite while you develop, PostgreSQL with DATABASE_URL',
  '../data-source.ts': 'the DataSource that migrations are made with',
};

/** `auth`, unless the application keeps something of its own there. */
function folderFor(project: NestProject): string {
  const own = besideMain(project, 'auth');
  return existsSync(own) && !existsSync(join(own, 'auth-values.ts')) ? 'gatehouse' : 'auth';
}

function appended(path: string, additionTo: (before: string) => Addition, what: string): FileChange[] {
  const isNew = !existsSync(path);
  const before = isNew ? '' : readFileSync(path, 'utf8');
  const addition = additionTo(before);
  return addition === undefined ? [] : [{ path, text: added(before, addition), isNew, what }];
}

function adviceOnMain(text: string, calls: unknown, fastify: 'done' | 'by hand' | undefined): string[] {
  return [
    ...(calls === undefined
      ? ['Call harden(app) of nestjs-gatehouse, and app.enableShutdownHooks(), right after NestFactory.create().']
      : []),
    ...(/\.enableCors\(|\bcors: (?:true|\{)/.test(text)
      ? ['Take CORS out of the file that starts the application: `origins` of Gatehouse says who may call.']
      : []),
    ...(fastify === 'by hand'
      ? ['Give `new FastifyAdapter()` also `...fastifyOptions(authValues())` of nestjs-gatehouse.']
      : []),
  ];
}

/** A file or folder of the project, without its ending, as another file imports it. */
function specifierTo(from: string, to: string): string {
  const path = relative(dirname(from), to).replaceAll('\\', '/').replace(/\.ts$/, '');
  return path.startsWith('.') ? path : `./${path}`;
}

/** The file in which the application keeps its users already. */
function userFileOf(sources: ReadonlyMap<string, string>): string | undefined {
  const files = [...sources].filter(([, text]) => /@Entity\(/.test(text) && /\bexport class User\b/.test(text));
  const [found, ...others] = files.map(([file]) => file);
  if (others.length === 0) return found;
  throw new Refusal(`Both ${found} and ${others[0]} have an entity User: add AuthModule by hand. Nothing was changed.`);
}

function isGatehouse(text: string): boolean {
  return /from\s+['"]nestjs-gatehouse['"]/.test(text) && /\b(?:Auth|Gatehouse)Module\s*\.\s*forRoot/.test(text);
}

function readSources(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const own = files.filter((file) => /\.ts$/.test(file) && !/node_modules|\.(?:spec|d)\.ts$/.test(file));
  return new Map(own.map((file) => [join(folder, file), readFileSync(join(folder, file), 'utf8')]));
}
