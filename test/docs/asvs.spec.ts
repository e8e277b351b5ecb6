import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from './pages.js';

interface Requirement {
  readonly id: string;
  readonly level: 1 | 2 | 3;
  /** `both`: the application has a part in it, which the page does not speak of. */
  readonly enforcedBy: 'library' | 'both';
  readonly does: string;
  readonly missing?: string;
  readonly shown: readonly { readonly file: string; readonly test: string }[];
}

/** Requirements of ASVS 5.0 that are a library's to enforce. */
const OF_A_LIBRARY = 170;

const requirements = JSON.parse(
  readFileSync(path.join(import.meta.dirname, 'asvs.json'), 'utf8'),
) as readonly Requirement[];

const HEAD = `# ASVS 5.0

Requirements of the [OWASP Application Security Verification Standard 5.0](https://owasp.org/www-project-application-security-verification-standard/) that are a library's to enforce, what Gatehouse does, and the tests that fail when it does not. A test is named by its file and the title that it has there, in which \`%s\` and \`$name\` stand for its cases.
`;

function page(): string {
  const met = requirements.filter(({ missing }) => missing === undefined);
  const partly = requirements.filter(({ missing }) => missing !== undefined);
  return [
    HEAD,
    '| ASVS | level | what Gatehouse does | shown by |\n|---|---|---|---|',
    ...met.map((one) => `| ${one.id} | ${one.level} | ${one.does} | ${shown(one)} |`),
    '\n## Partly\n',
    '| ASVS | level | what is there | what is missing | shown by |\n|---|---|---|---|---|',
    ...partly.map((one) => `| ${one.id} | ${one.level} | ${one.does} | ${one.missing} | ${shown(one)} |`),
    '',
  ].join('\n');
}

function shown({ shown: tests }: Requirement): string {
  return tests.map(({ file, test }) => `\`${file}\`: ${text(test)}`).join('; ');
}

function text(title: string): string {
  return title.replace(/[|<>*_]/g, (character) => `\\${character}`);
}

it('docs/asvs.md is made of what the tests say of themselves; --update writes it', async () => {
  await expect(page()).toMatchFileSnapshot(path.join(ROOT, 'docs', 'asvs.md'));
});

it('every requirement that is a library’s to enforce is there, once and in order', () => {
  const ids = requirements.map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)]);
  expect(ids).toEqual(ids.toSorted((one, other) => one.localeCompare(other, 'en', { numeric: true })));
  expect(requirements.filter(({ enforcedBy }) => enforcedBy === 'library')).toHaveLength(OF_A_LIBRARY);
});

it('every test that is named is there', () => {
  const gone = requirements.flatMap(({ id, shown: tests }) =>
    tests.filter(({ file, test }) => !titles(file).includes(test)).map(({ file, test }) => `${id}: ${file}: ${test}`),
  );
  expect(gone).toEqual([]);
});

/** The source of a spec, without the escapes of quotation marks. */
function titles(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8').replaceAll("\\'", "'");
}
