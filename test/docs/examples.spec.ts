import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { page, pages, ROOT } from './pages.js';
import { blockFiles, typeErrors, virtualFiles } from './typescript-blocks.js';

// The entity and the module that other pages speak of are those of the guide.
const COMMON = blockFiles(page('docs/getting-started.md')).filter(({ name }) =>
  ['user.entity.ts', 'notes.controller.ts', 'app.module.ts'].includes(name),
);

describe('every TypeScript block of the pages', () => {
  it('type-checks as it stands', { timeout: 120_000 }, () => {
    const files = virtualFiles(pages(), COMMON);
    expect([...files.keys()].filter((name) => name.includes('README-md')).length).toBeGreaterThan(5);
    expect(typeErrors(files)).toEqual([]);
  });

  it('would be refused with an option that does not exist', { timeout: 120_000 }, () => {
    const name = path.join(ROOT, 'test/docs/virtual/wrong/block.ts');
    const code = `import type { AuthValues } from 'nestjs-gatehouse';\nexport const v: Partial<AuthValues> = { sesions: {} };\n`;
    expect(typeErrors(new Map([[name, code]]))).toEqual([expect.stringContaining('sesions')]);
  });
});
