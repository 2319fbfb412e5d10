import { describe, expect, it } from "vitest";
import { resolveSettings } from "../../src/cli/settings.ts";

const flag = (name: string, value: string) => ({ name, value });

describe("settings of ours", () => {
  it("a flag wins over its environment twin, which wins over the default", () => {
    expect(resolveSettings([], {})).toEqual({
      configPath: undefined,
      environment: undefined,
      isRecovering: false,
      isTested: false,
      overrideReason: undefined,
      timeoutMs: 15_000,
      turnWaitMs: undefined,
    });
    const env = {
      HELM_NOTIFY_CONFIG: "env.yaml",
      HELM_NOTIFY_OVERRIDE_LOCK: "hotfix",
      HELM_NOTIFY_RECOVER: "true",
      HELM_NOTIFY_WAIT_TURN: "10m",
      HELM_NOTIFY_ENVIRONMENT: "staging",
      HELM_NOTIFY_TEST: "true",
      HELM_NOTIFY_TIMEOUT: "1m30s",
    };
    expect(resolveSettings([], env)).toEqual({
      configPath: "env.yaml",
      environment: "staging",
      isRecovering: true,
      isTested: true,
      overrideReason: "hotfix",
      timeoutMs: 90_000,
      turnWaitMs: 600_000,
    });
    const flags = [
      flag("notify-config", "flag.yaml"),
      flag("notify-override-lock", "rollback"),
      flag("notify-recover", "false"),
      flag("notify-wait-turn", "0"),
      flag("notify-environment", "production"),
      flag("notify-test", "false"),
      flag("notify-timeout", "500ms"),
    ];
    expect(resolveSettings(flags, env)).toEqual({
      configPath: "flag.yaml",
      environment: "production",
      isRecovering: false,
      isTested: false,
      overrideReason: "rollback",
      timeoutMs: 500,
      turnWaitMs: 0,
    });
  });

  it("a switch is true or false", () =>
    expect(() => resolveSettings([flag("notify-test", "maybe")], {})).toThrow("--notify-test"));

  it.each(["", "soon", "5", "-5s", "0s", "5s later"])("--notify-timeout %j is refused", (value) =>
    expect(() => resolveSettings([flag("notify-timeout", value)], {})).toThrow("--notify-timeout"),
  );

  it.each(["0", "0s", "0m"])("--notify-wait-turn %s waits for nobody", (value) =>
    expect(resolveSettings([flag("notify-wait-turn", value)], {}).turnWaitMs).toBe(0),
  );

  it("an unknown flag of ours is named, with those there are", () => {
    expect(() => resolveSettings([flag("notify-confg", "x")], {})).toThrow(
      expect.objectContaining({
        message: "unknown flag --notify-confg",
        hint: "Use one of --notify-config, --notify-environment, --notify-override-lock, --notify-recover, --notify-test, --notify-timeout, --notify-wait-turn.",
      }),
    );
  });
});
