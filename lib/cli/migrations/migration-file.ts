import { layOut } from './sql-layout.js';

/** How the file is loaded: by `import`, by `require`, or compiled first. */
export type MigrationForm = 'esm' | 'cjs' | 'ts';

export interface MigrationText {
  readonly form: MigrationForm;
  readonly className: string;
  /** What the file is for, in one line. */
  readonly about: string;
  /** What an operator should read before running it. */
  readonly warnings: readonly string[];
  readonly up: readonly string[];
  readonly down: readonly string[];
}

/** Epoch ms, in which TypeORM sorts migrations, and the name, as class and as file. */
export function migrationNames(name: string, timestamp: number, form: MigrationForm) {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1-$2').split('-');
  const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
  return {
    className: `${words.map(capital).join('')}${timestamp}`,
    fileName: `${timestamp}-${words.join('-').toLowerCase()}.${form === 'ts' ? 'ts' : 'js'}`,
  };
}

/** The text of a migration of TypeORM. */
export function migrationText({ form, className, about, warnings, up, down }: MigrationText): string {
  const ts = form === 'ts';
  const parameter = ts ? 'queryRunner: QueryRunner' : 'queryRunner';
  const returns = ts ? ': Promise<void>' : '';
  const typed = ts ? [] : [' *', " * @implements {import('typeorm').MigrationInterface}"];
  const told = ts ? [] : ["  /** @param {import('typeorm').QueryRunner} queryRunner */"];
  return [
    ...(ts ? ["import type { MigrationInterface, QueryRunner } from 'typeorm';", ''] : []),
    '/**',
    ` * ${about}`,
    ...warnings.map((warning) => ` * WARNING: ${warning}`),
    ...typed,
    ' */',
    `${form === 'cjs' ? `exports.${className} =` : 'export'} class ${className}${ts ? ' implements MigrationInterface' : ''} {`,
    `  name = '${className}';`,
    '',
    ...told,
    `  async up(${parameter})${returns} {`,
    ...up.map(statement),
    '  }',
    '',
    ...docBlock('Takes back what up() did. What it made goes, with the rows in it.', ts),
    `  async down(${parameter})${returns} {`,
    ...down.map(statement),
    '  }',
    form === 'cjs' ? '};' : '}',
    '',
  ].join('\n');
}

function docBlock(text: string, ts: boolean): string[] {
  if (ts) return [`  /** ${text} */`];
  return ['  /**', `   * ${text}`, '   *', "   * @param {import('typeorm').QueryRunner} queryRunner", '   */'];
}

function statement(sql: string): string {
  const literal = layOut(sql, '      ').replace(/\\|`|\$\{/g, '\\$&');
  return `    await queryRunner.query(\`\n${literal}\n    \`);`;
}
