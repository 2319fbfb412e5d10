import { expect, it } from "vitest";
import { runCredentialPlugin } from "../../src/kube/credential-plugin.ts";

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
