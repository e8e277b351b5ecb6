import { readFileSync } from 'node:fs';

/** Counts what passed and what failed, and says so in one last line. */
export class Tally {
  passed = 0;
  failed = 0;
  failures = [];

  /** Runs one step, which answers an exit code or throws. Answers whether it passed. Several may run at once. */
  async step(title, work) {
    console.log(`\n== ${title}`);
    const begun = process.hrtime.bigint();
    let problem;
    try {
      const code = await work();
      if (code !== 0) problem = `${title}: exit code ${code}`;
    } catch (error) {
      problem = `${title}: ${error.message}`;
    }
    const seconds = Number((process.hrtime.bigint() - begun) / 1_000_000n) / 1_000;
    console.log(`-- ${title}: ${problem === undefined ? 'passed' : 'FAILED'} (${seconds.toFixed(1)} s)`);
    if (problem === undefined) this.passed += 1;
    else this.fail(problem);
    return problem === undefined;
  }

  fail(problem, count = 1) {
    this.failed += count;
    this.failures.push(problem);
  }

  /** Adds what vitest's JSON reporter wrote. A run that failed without a failed test counts as one failure. */
  addVitest(file, exitCode, { skippedIsFailure }) {
    const before = this.failed;
    const report = readReport(file);
    if (report === undefined) return this.fail(`vitest ended with ${exitCode} and left no report`);
    this.passed += report.numPassedTests;
    if (report.numFailedTests > 0) this.fail(`${report.numFailedTests} tests failed`, report.numFailedTests);
    for (const { name, status, assertionResults } of report.testResults) {
      const inTests = assertionResults.some((result) => result.status === 'failed');
      if (status === 'failed' && !inTests) this.fail(`${name} could not run`);
    }
    const skipped = report.numPendingTests + report.numTodoTests;
    if (skippedIsFailure && skipped > 0) this.fail(`${skipped} tests were skipped`, skipped);
    if (exitCode !== 0 && this.failed === before) this.fail(`vitest ended with ${exitCode}`);
  }

  /** Prints the failures and, last and alone on its line, the two numbers. Answers the exit code. */
  finish() {
    if (this.failures.length > 0)
      console.log(['', 'Failed:', ...this.failures.map((line) => `  - ${line}`)].join('\n'));
    console.log(`\n${this.passed} passed, ${this.failed} failed`);
    return this.failed === 0 && this.passed > 0 ? 0 : 1;
  }
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
