import type { Reporter, TestCase, TestModule } from "vitest/node";

/**
 * Prints each failure when it happens, for a run that is cut off; and `N passed, N failed` as the last line: a suite that could
 * not be loaded counts as failed.
 */
export default class SummaryReporter implements Reporter {
  onTestCaseResult(test: TestCase): void {
    for (const { message, stack = "", diff = "" } of test.result().errors ?? []) {
      const text = stack.includes(message) ? stack : `${message}\n${stack}`;
      process.stdout.write(
        `FAILED ${test.module.relativeModuleId} > ${test.fullName}\n${text}\n${diff}\n`,
      );
    }
  }

  onTestRunEnd(
    modules: readonly TestModule[],
    errors: readonly unknown[],
    reason: "passed" | "interrupted" | "failed",
  ): void {
    let passed = 0;
    let failed = errors.length;
    for (const module of modules) {
      let failedTests = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "passed") passed++;
        // What a filter leaves out is skipped, and no failure.
        if (state === "failed" || state === "pending") failedTests++;
      }
      failed += failedTests === 0 && !module.ok() ? 1 : failedTests;
    }
    // A set-up that failed leaves no module behind.
    if (reason !== "passed" && failed === 0) failed = 1;
    process.on("exit", () => process.stdout.write(`${passed} passed, ${failed} failed\n`));
  }
}
