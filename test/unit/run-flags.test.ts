import { describe, expect, it } from "vitest";
import { parseArgv } from "../../src/helm/argv.ts";
import { runFlags, toRollbackRequest } from "../../src/helm/deploy-request.ts";
import { toldFlags, verbFlags } from "../../src/helm/flags.ts";

const words = (text: string) => text.split(" ").filter((word) => word !== "");

describe("what the flags say of a run", () => {
  it.each([
    ["", {}],
    ["--wait", { isWaited: true }],
    ["--wait=true", { isWaited: true }],
    ["--wait=false", {}],
    // Helm 4's ways of waiting; without the flag it is hookOnly.
    ["--wait=watcher", { isWaited: true }],
    ["--wait=legacy", { isWaited: true }],
    ["--wait=hookOnly", {}],
    ["--atomic", { isWaited: true, isAtomic: true }],
    ["--rollback-on-failure", { isWaited: true, isAtomic: true }],
    ["--dry-run", { isDryRun: true }],
    ["--dry-run=server", { isDryRun: true }],
    ["--dry-run=none", {}],
    ["--dry-run=false", {}],
    ["--no-hooks", { isWithoutHooks: true }],
  ])("upgrade %s", (flags, expected) => {
    const parsed = parseArgv(words(`shop ./chart ${flags}`), verbFlags("upgrade"));
    expect(runFlags(parsed)).toEqual({
      isDryRun: false,
      isWaited: false,
      isAtomic: false,
      isWithoutHooks: false,
      ...expected,
    });
  });
});

describe("which release a rollback or an uninstall is about", () => {
  it.each([
    ["rollback", "shop", { release: "shop", revision: 0 }],
    ["rollback", "shop 3 --wait --timeout 10s", { release: "shop", revision: 3 }],
    ["rollback", "--history-max 5 shop 0", { release: "shop", revision: 0 }],
    ["uninstall", "shop --cascade foreground -n prod", { release: "shop", revision: 0 }],
    ["uninstall", "--description gone shop", { release: "shop", revision: 0 }],
  ] as const)("helm %s %s", (verb, argv, expected) => {
    expect(toRollbackRequest(verb, parseArgv(words(argv), toldFlags(verb)))).toEqual({
      verb,
      ...expected,
    });
  });

  it.each([
    ["rollback", ""],
    ["rollback", "shop 3 4"],
    ["rollback", "shop last"],
    ["rollback", "shop --help"],
    ["uninstall", "shop web"],
  ] as const)("helm %s %s is Helm's alone to answer", (verb, argv) => {
    expect(toRollbackRequest(verb, parseArgv(words(argv), toldFlags(verb)))).toBeUndefined();
  });
});
