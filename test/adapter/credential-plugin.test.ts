import { describe, expect, it } from "vitest";
import {
  remembering,
  runCredentialPlugin,
  type RunCredentialPlugin,
} from "../../src/kube/credential-plugin.ts";

const call = (script: string, timeoutMs = 10_000) => ({
  command: "sh",
  args: ["-c", script],
  env: { PATH: process.env["PATH"], GIVEN: "value" },
  isInteractive: false,
  timeoutMs,
});

it("gives what the plugin printed, and its exit code", async () => {
  expect(await runCredentialPlugin(call('printf %s "$GIVEN"; exit 3'))).toEqual({
    kind: "exited",
    code: 3,
    stdout: "value",
  });
});

it("says that a plugin is not there", async () => {
  expect(await runCredentialPlugin({ ...call(""), command: "/nonexistent/plugin" })).toEqual({
    kind: "not-started",
    code: "ENOENT",
  });
});

it("gives the plugin no stdin to wait for: that belongs to Helm", async () => {
  expect(await runCredentialPlugin(call("cat; echo end"))).toMatchObject({ stdout: "end\n" });
});

it("kills a plugin that takes too long, even where a child of it holds the pipe", async () => {
  expect(await runCredentialPlugin(call("sleep 2 2>&- & wait", 100))).toEqual({
    kind: "killed",
    reason: "gave no answer within 0.1s",
  });
});

it("kills a plugin that prints without end", async () => {
  expect(await runCredentialPlugin(call("yes 2>&-"))).toMatchObject({ kind: "killed" });
});

it("says which signal ended a plugin", async () => {
  expect(await runCredentialPlugin(call("kill -TERM $$"))).toEqual({
    kind: "killed",
    reason: "was ended by SIGTERM",
  });
});

describe("a plugin is asked again", () => {
  const START = Date.parse("2026-11-21T10:00:00Z");

  /** How often it is asked in calls at these seconds. */
  async function asked(stdout: string, seconds: readonly number[], code = 0): Promise<number> {
    let count = 0;
    let now = START;
    const ask: RunCredentialPlugin = async () => {
      count++;
      return { kind: "exited", code, stdout };
    };
    const remembered = remembering(ask, () => now);
    for (const second of seconds) {
      now = START + second * 1000;
      expect(await remembered(call(""))).toEqual({ kind: "exited", code, stdout });
    }
    return count;
  }

  it.each([
    ["not before its credentials run out", "2026-11-21T10:15:00Z", [0, 60, 860], 1],
    ["a little before they do", "2026-11-21T10:15:00Z", [0, 880], 2],
    ["after five minutes where they do not say so", "", [0, 299, 301], 2],
  ])("%s", async (_, expirationTimestamp, seconds, times) => {
    const stdout = JSON.stringify({ status: { expirationTimestamp, token: "t" } });
    expect(await asked(stdout, seconds)).toBe(times);
  });

  it("at once where it failed", async () => expect(await asked("", [0, 1], 1)).toBe(2));

  it("at once for another user", async () => {
    const remembered = remembering(runCredentialPlugin);
    expect(await remembered(call("echo jane"))).toMatchObject({ stdout: "jane\n" });
    expect(await remembered(call("echo joe"))).toMatchObject({ stdout: "joe\n" });
  });
});
