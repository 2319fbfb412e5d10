import { defineConfig } from "vitest/config";

const project = (name: string, options: object = {}) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    setupFiles: ["test/support/clean-environment.ts"],
    restoreMocks: true,
    ...options,
  },
});

export default defineConfig({
  test: {
    reporters: ["default", "./test/support/summary-reporter.ts"],
    projects: [
      project("unit"),
      project("adapter", { testTimeout: 30_000, hookTimeout: 30_000 }),
      project("chart", { testTimeout: 30_000, hookTimeout: 30_000 }),
      project("scenario", { testTimeout: 60_000, hookTimeout: 60_000 }),
    ],
  },
});
