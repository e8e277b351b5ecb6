import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { run } from './run.mjs';

/** Runs vitest and adds its numbers to the tally. */
export async function runVitest(tally, { args, env, skippedIsFailure }) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'gatehouse-report-'));
  const report = path.join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  try {
    const code = await run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...args], { env });
    tally.addVitest(report, code, { skippedIsFailure });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
