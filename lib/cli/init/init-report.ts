import { relative } from 'node:path';
import type { NestProject } from './nest-project.js';
import { installCommand } from './packages.js';
import type { InitPlan } from './plan-init.js';

export interface InitOutcome {
  readonly isDryRun: boolean;
  readonly isInstalled: boolean;
}

/** What was done, and what is left to do. */
export function initReport(project: NestProject, plan: InitPlan, { isDryRun, isInstalled }: InitOutcome): string {
  const { changes, packages, advice } = plan;
  const done = changes.map(
    ({ path, isNew, what }) => `  ${isNew ? 'new    ' : 'changed'} ${relative(project.root, path)}: ${what}`,
  );
  const install =
    packages.length > 0 && !isInstalled
      ? [`Install: ${installCommand(project.packageManager, packages).join(' ')}`]
      : [];
  const left = [...install, ...advice, ...(changes.length > 0 ? NEXT : [])];
  if (changes.length === 0 && left.length === 0) return 'Gatehouse is there already: nothing was changed.';
  return [
    changes.length === 0 ? 'Gatehouse is there already: nothing was changed.' : isDryRun ? 'Would do:' : 'Done:',
    ...done,
    ...(left.length === 0 ? [] : ['', 'Left to do:', ...left.map((step, index) => `  ${index + 1}. ${step}`)]),
    ...(changes.length === 0 ? [] : ['', ...PRODUCTION]),
  ].join('\n');
}

const NEXT = [
  'Every route is protected now. Write @Public() of nestjs-gatehouse over those that anybody may call, such as GET /, whose tests get 401 otherwise.',
  'Start, and register: POST /auth/register { "email", "password" }. The log shows the letter with the link.',
  'Serve the pages that letters lead to: docs/mail.md of Gatehouse lists what each one posts.',
];

const PRODUCTION = [
  'For production:',
  '  - Set NODE_ENV=production and what .env.example lists: AUTH_SECRET, BASE_URL, DATABASE_URL, SMTP_URL, MAIL_FROM, TRUSTED_PROXY_HOPS.',
  '  - Make the tables, with that DATABASE_URL:',
  '      npx gatehouse migrations dist/data-source.js --with-user-table',
  '      npx typeorm migration:run -d dist/data-source.js',
  '  - See what is still missing: npx gatehouse doctor dist/app.module.js',
];
