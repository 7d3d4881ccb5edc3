/** Writes what a test run executed, and every skip with its reason, for tools/test.ts. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';

import type { Reporter, SerializedError, TestModule } from 'vitest/node';

import { packageOf, resultsFile, type Skip, type TestResults } from './test-results.ts';
import { rootDir } from './workspace.ts';

export default class ResultsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const results: TestResults = {
      passed: 0,
      failed: errors.length,
      executed: {},
      skips: [],
      conformance: [],
      reliability: [],
    };
    for (const module of modules) readModule(module, results);
    mkdirSync(dirname(resultsFile), { recursive: true });
    writeFileSync(resultsFile, JSON.stringify(results, null, 2));
  }
}

function readModule(module: TestModule, results: TestResults): void {
  const file = relative(rootDir, module.moduleId).replaceAll('\\', '/');
  // A file that does not load, or a hook that throws, fails without a failing test.
  const suites = [module, ...module.children.allSuites()];
  results.failed += suites.filter((suite) => suite.errors().length > 0).length;

  for (const test of module.children.allTests()) {
    const result = test.result();
    if (result.state === 'passed' || result.state === 'failed') {
      results[result.state] += 1;
      const project = (results.executed[module.project.name] ??= {});
      project[packageOf(file)] = (project[packageOf(file)] ?? 0) + 1;
      for (const { type, message } of test.annotations()) {
        if (type === 'conformance' || type === 'reliability') results[type].push(message);
      }
    } else {
      const note = result.state === 'skipped' ? result.note : undefined;
      const skip: Skip = { test: `${file} > ${test.fullName}`, reason: note ?? null };
      results.skips.push(skip);
    }
  }
}
