import { describe, expect, it } from "vitest";
import { endOf, type EndedRun } from "../../src/domain/end-of-run.ts";

const FAILED_UPGRADE: EndedRun = {
  action: "upgrade",
  isSuccess: false,
  isSignalled: false,
  isUnread: false,
  isWaited: false,
  isAtomic: false,
  lastRevision: 4,
  history: [],
  descriptionOf: () => undefined,
  isAtPreHook: () => false,
};

/** `5 failed, 4 deployed`, newest first, as `helm history` has it. */
function history(text: string): EndedRun["history"] {
  return text
    .split(", ")
    .filter((entry) => entry !== "")
    .map((entry) => {
      const [revision, status = ""] = entry.split(" ");
      return { revision: Number(revision), status };
    });
}

describe("how a run ended", () => {
  it.each([
    ["waited for", { isWaited: true }, "rolled-out"],
    ["not waited for", {}, "applied"],
  ])("a good end, %s", (_, given, kind) => {
    const run = { ...FAILED_UPGRADE, isSuccess: true, history: history("5 deployed"), ...given };
    expect(endOf(run)).toEqual({ outcome: { kind }, revision: 5 });
  });

  it.each([
    ["5 deployed, 4 superseded", "applied"],
    ["5 failed, 4 deployed", "interrupted"],
    ["6 deployed, 5 failed, 4 superseded", "rolled-back"],
    ["4 deployed", "interrupted"],
  ])("nobody reads what Helm prints when all is done: %s", (text, kind) => {
    const run: EndedRun = {
      ...FAILED_UPGRADE,
      isSignalled: true,
      isUnread: true,
      history: history(text),
      descriptionOf: (revision) => (revision === 6 ? "Rollback to 4" : undefined),
    };
    expect(endOf(run).outcome.kind).toBe(kind);
  });

  it("a good end is known even where the history cannot be read", () => {
    expect(endOf({ ...FAILED_UPGRADE, isSuccess: true, history: undefined })).toEqual({
      outcome: { kind: "applied" },
    });
  });

  // The descriptions are Helm's own, 3.17 and 4.2 alike but for their ends.
  it.each<[string, string, string, Partial<EndedRun>, object]>([
    ["no revision was made", "4 deployed", "", {}, { kind: "not-applied" }],
    [
      "a pre-upgrade hook failed",
      "5 failed, 4 deployed",
      "pre-upgrade hooks failed: 1 error occurred",
      {},
      { kind: "not-applied" },
    ],
    [
      "a pre-install hook failed",
      "1 failed",
      'Release "shop" failed: failed pre-install: job shop-migrate failed: BackoffLimitExceeded',
      { action: "install", lastRevision: 0 },
      { kind: "not-applied" },
    ],
    [
      "a post-install hook failed",
      "1 failed",
      'Release "shop" failed: failed post-install: job shop-smoke-test failed: BackoffLimitExceeded',
      { action: "install", lastRevision: 0 },
      { kind: "failed" },
    ],
    [
      "a post-upgrade hook failed",
      "5 failed, 4 deployed",
      "post-upgrade hooks failed: job failed: BackoffLimitExceeded",
      {},
      { kind: "failed" },
    ],
    [
      "the rollout timed out",
      "5 failed, 4 deployed",
      'Upgrade "shop" failed: context deadline exceeded',
      {},
      { kind: "failed" },
    ],
    [
      "Helm rolled back by itself",
      "6 deployed, 5 failed, 4 superseded",
      "Rollback to 4",
      { isAtomic: true },
      { kind: "rolled-back", toRevision: 4 },
    ],
    [
      "Helm rolled back by itself, and somebody else deploys",
      "7 pending-upgrade, 6 superseded, 5 failed, 4 superseded",
      "Rollback to 4",
      { isAtomic: true },
      { kind: "rolled-back", toRevision: 4 },
    ],
    [
      "somebody else deployed while it was tested",
      "6 deployed, 5 superseded, 4 superseded",
      "Upgrade complete",
      {},
      { kind: "failed" },
    ],
    [
      "somebody else deploys while it is tested",
      "6 pending-upgrade, 5 deployed, 4 superseded",
      "Upgrade complete",
      {},
      { kind: "failed" },
    ],
    [
      "the rollback of Helm failed as well",
      "6 failed, 5 failed, 4 deployed",
      'Rollback "shop" failed: cannot patch',
      { isAtomic: true },
      { kind: "failed" },
    ],
    [
      "Helm was killed",
      "5 pending-upgrade, 4 deployed",
      "Preparing upgrade",
      {},
      { kind: "interrupted" },
    ],
    [
      "a signal reached Helm",
      "5 failed, 4 deployed",
      'Release "shop" failed: context canceled',
      { isSignalled: true },
      { kind: "interrupted" },
    ],
    [
      "a signal reached Helm alone",
      "5 failed, 4 deployed",
      'Release "shop" failed: context canceled',
      {},
      { kind: "interrupted" },
    ],
    [
      "a signal, and Helm rolled back",
      "6 deployed, 5 failed, 4 superseded",
      "Rollback to 4",
      { isSignalled: true, isAtomic: true },
      { kind: "rolled-back", toRevision: 4 },
    ],
    [
      "a signal before Helm did anything",
      "4 deployed",
      "",
      { isSignalled: true },
      { kind: "interrupted" },
    ],
    [
      "a first install was undone",
      "",
      "",
      { action: "install", lastRevision: 0, isAtomic: true },
      { kind: "rolled-back" },
    ],
    [
      "a first install failed and stays",
      "1 failed",
      'Release "shop" failed: context deadline exceeded',
      { action: "install", lastRevision: 0 },
      { kind: "failed" },
    ],
    [
      "a first install was refused",
      "",
      "",
      { action: "install", lastRevision: 0 },
      { kind: "not-applied" },
    ],
    [
      "a hook of the rollback failed, and the release is left pending",
      "5 pending-rollback, 4 deployed",
      "Rollback to 2",
      { action: "rollback" },
      { kind: "failed" },
    ],
    [
      "a hook before the rollback failed, and the release is left pending",
      "5 pending-rollback, 4 deployed",
      "Rollback to 2",
      { action: "rollback", isAtPreHook: () => true },
      { kind: "not-applied" },
    ],
    [
      "the rollback was killed",
      "5 pending-rollback, 4 deployed",
      "Rollback to 2",
      { action: "rollback", isSignalled: true },
      { kind: "interrupted" },
    ],
    ["the release was in use", "4 pending-upgrade", "", {}, { kind: "not-applied" }],
    [
      "an uninstall was refused",
      "4 deployed",
      "",
      { action: "uninstall" },
      { kind: "not-applied" },
    ],
    [
      "an uninstall stopped half way",
      "4 uninstalling",
      "",
      { action: "uninstall" },
      { kind: "failed" },
    ],
  ])("%s", (_, revisions, description, given, outcome) => {
    const run: EndedRun = {
      ...FAILED_UPGRADE,
      history: history(revisions),
      descriptionOf: () => description,
      ...given,
    };
    expect(endOf(run).outcome).toEqual(outcome);
  });

  it("a failure is only called a failure where the history cannot be read", () => {
    expect(endOf({ ...FAILED_UPGRADE, history: undefined })).toEqual({
      outcome: { kind: "failed" },
    });
  });
});
