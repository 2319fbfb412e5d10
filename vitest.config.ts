import { defineConfig } from "vitest/config";

const project = (name: string, options: object = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    setupFiles: ["test/support/clean-environment.ts"],
    restoreMocks: true,
    // What does not come ends a test; how soon it comes is the machine's.
    expect: { poll: { timeout: 100_000 } },
    ...options,
  },
});

export default defineConfig({
  test: {
    reporters: ["default", "./test/support/summary-reporter.ts"],
    projects: [
      // Property tests take as long as the machine is slow.
      project("unit", { testTimeout: 60_000 }),
      project("adapter", { testTimeout: 120_000, hookTimeout: 120_000 }),
      project("chart", { testTimeout: 120_000, hookTimeout: 120_000 }),
      // Half of the time is waiting: for signs of life that do not come, for pods.
      project("scenario", {
        testTimeout: 120_000,
        hookTimeout: 120_000,
        maxWorkers: 3,
        maxConcurrency: 3,
      }),
      // Needs Go: not part of npm test.
      project("helmfile", {
        testTimeout: 120_000,
        hookTimeout: 120_000,
        globalSetup: "test/helmfile/build.ts",
      }),
      // Needs root and Go: not part of npm test.
      project("cluster", {
        include: ["test/cluster/**/*.test.ts", "test/scenario/**/*.test.ts"],
        // They ask a registry and a Git server; a cluster for a ledger at most.
        exclude: [
          "test/scenario/{announce,bump,bump-refusals,examples,odd-repositories,promote,registries,tags}.test.ts",
        ],
        testTimeout: 300_000,
        hookTimeout: 300_000,
        globalSetup: "test/cluster/global-setup.ts",
        // Most of the time is waiting for pods.
        maxWorkers: 2,
        maxConcurrency: 3,
        env: { TEST_BED: "cluster" },
      }),
    ],
  },
});
