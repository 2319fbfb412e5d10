import { describe, expect, it } from "vitest";
import { resolveSettings } from "../../src/cli/settings.ts";

const flag = (name: string, value: string) => ({ name, value });

describe("settings of ours", () => {
  it("a flag wins over its environment twin, which wins over the default", () => {
    expect(resolveSettings([], {})).toEqual({
      configPath: undefined,
      environment: undefined,
      isTested: false,
      timeoutMs: 15_000,
    });
    const env = {
      HELM_NOTIFY_CONFIG: "env.yaml",
      HELM_NOTIFY_ENVIRONMENT: "staging",
      HELM_NOTIFY_TEST: "true",
      HELM_NOTIFY_TIMEOUT: "1m30s",
    };
    expect(resolveSettings([], env)).toEqual({
      configPath: "env.yaml",
      environment: "staging",
      isTested: true,
      timeoutMs: 90_000,
    });
    const flags = [
      flag("notify-config", "flag.yaml"),
      flag("notify-environment", "production"),
      flag("notify-test", "false"),
      flag("notify-timeout", "500ms"),
    ];
    expect(resolveSettings(flags, env)).toEqual({
      configPath: "flag.yaml",
      environment: "production",
      isTested: false,
      timeoutMs: 500,
    });
  });

  it("a switch is true or false", () =>
    expect(() => resolveSettings([flag("notify-test", "maybe")], {})).toThrow("--notify-test"));

  it.each(["", "soon", "5", "-5s", "0s", "5s later"])("--notify-timeout %j is refused", (value) =>
    expect(() => resolveSettings([flag("notify-timeout", value)], {})).toThrow("--notify-timeout"),
  );

  it("an unknown flag of ours is named, with those there are", () => {
    expect(() => resolveSettings([flag("notify-confg", "x")], {})).toThrow(
      expect.objectContaining({
        message: "unknown flag --notify-confg",
        hint: "Use one of --notify-config, --notify-environment, --notify-test, --notify-timeout.",
      }),
    );
  });
});
