import { expect, it } from "vitest";
import { notifySettings } from "../../src/domain/notify-settings.ts";

const SERVICES = { api: { tag: "api.image.tag" } };
const RBAC = { create: true };

it("values without our key say nothing", () => {
  expect(notifySettings({ api: { image: { tag: "1" } } })).toMatchObject({
    isEnabled: true,
    environment: undefined,
    hasPod: false,
    isPlain: false,
  });
});

it("settings are read as they stand, blanks as nothing", () => {
  const settings = notifySettings({
    "helm-notify": {
      environment: " production ",
      slack: { secretRef: "slack", channel: "", apiUrl: "https://slack.com/api/" },
      messages: { start: "Los: {{release}}", end: null },
      services: SERVICES,
      rbac: RBAC,
    },
  });
  expect(settings).toEqual({
    isEnabled: true,
    environment: "production",
    slack: {
      secretRef: "slack",
      channel: undefined,
      username: undefined,
      apiUrl: "https://slack.com/api/",
    },
    messages: { start: "Los: {{release}}" },
    isPlain: true,
    hasPod: true,
  });
});

it.each([
  ["the library chart is a dependency", { rbac: RBAC }, true],
  ["there is no library chart", {}, false],
  ["the snippets are switched off", { rbac: RBAC, enabled: false }, false],
  ["no account is made", { rbac: { create: false } }, false],
  ["somebody else made the account", { rbac: { create: false, serviceAccountName: "x" } }, true],
])("whether a pod can tell: %s", (_, given, hasPod) => {
  expect(notifySettings({ "helm-notify": { services: SERVICES, ...given } }).hasPod).toBe(hasPod);
});

it("a subchart's settings count, but do not say what the chart will record", () => {
  const settings = notifySettings({
    app: { "helm-notify": { environment: "staging", services: SERVICES, rbac: RBAC } },
  });
  expect(settings).toMatchObject({ environment: "staging", isPlain: false, hasPod: true });
});

it("of several subcharts one that is not switched off counts", () => {
  const ours = { services: SERVICES, rbac: RBAC };
  const off = { "helm-notify": { ...ours, environment: "production", enabled: false } };
  const on = { "helm-notify": { ...ours, environment: "staging", enabled: true } };
  expect(notifySettings({ one: off, two: on })).toMatchObject({
    isEnabled: true,
    environment: "staging",
    hasPod: true,
  });
  expect(notifySettings({ one: off })).toMatchObject({ isEnabled: false, hasPod: false });
});
