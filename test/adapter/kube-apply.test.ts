// Server-side apply of the embedded Kubernetes API, and whom it conflicts with.
import { describe, expect, it } from "vitest";
import type { JsonObject, KubeObject } from "../support/kube/json.ts";
import {
  apply,
  deployment,
  entry,
  LATER,
  NOW,
  owners,
  update,
} from "../support/kube/tracked-deployment.ts";

function env(names: string): JsonObject {
  return { env: names.split(" ").map((name) => ({ name, value: "1" })) };
}

function container(image: string): JsonObject {
  return { containers: [{ name: "api", image }] };
}

function withPorts(...ports: JsonObject[]): KubeObject {
  return deployment({ containers: [{ name: "dns", ports }] });
}

function refusalOf(live: KubeObject, spec: JsonObject): unknown {
  try {
    return apply(live, deployment(spec));
  } catch (error) {
    return error;
  }
}

describe("server-side apply", () => {
  it("of a missing object makes it, without the status", () => {
    const applied = { ...deployment({ replicas: 1 }), status: { replicas: 1 } };
    expect(apply(undefined, applied)).toEqual({
      ...deployment({ replicas: 1 }),
      metadata: {
        name: "shop",
        managedFields: [entry({ "f:spec": { "f:replicas": {} } })],
      },
    });
  });

  it("keeps the identity and what others wrote", () => {
    const created = apply(undefined, deployment({ replicas: 1 }));
    Object.assign(created.metadata, { uid: "u1", resourceVersion: "7", generation: 2 });
    const live = update(created, { paused: true });
    const applied = apply(
      live,
      deployment({ replicas: 2 }, { resourceVersion: "7", uid: "other" }),
    );
    expect(applied).toMatchObject({
      metadata: { uid: "u1", resourceVersion: "7", generation: 2 },
      spec: { replicas: 2, paused: true },
    });
  });

  it("drops what the manager applied before and no longer does", () => {
    const live = apply(
      undefined,
      deployment({ replicas: 1, paused: true, template: { metadata: { labels: { a: "1" } } } }),
    );
    expect(apply(live, deployment({ replicas: 1 }))["spec"]).toEqual({ replicas: 1 });
  });

  it("keeps what it no longer applies where somebody else applied it, too", () => {
    const first = apply(undefined, deployment({ replicas: 1, paused: true }));
    const both = apply(first, deployment({ paused: true }), { manager: "other" });
    const after = apply(both, deployment({ replicas: 1 }));
    expect(after["spec"]).toEqual({ replicas: 1, paused: true });
    expect(owners(after)).toEqual({
      helm: { "f:spec": { "f:replicas": {} } },
      other: { "f:spec": { "f:paused": {} } },
    });
  });

  it("takes an item away whole, although somebody else owns a field in it", () => {
    const item = { name: "api", image: "api:1" };
    const live = apply(
      undefined,
      deployment({ containers: [item, { name: "old", image: "old:1" }] }),
    );
    const touched = update(live, {
      containers: [item, { name: "old", image: "old:1", tty: true }],
    });
    const after = apply(touched, deployment({ containers: [item] }));
    expect(after["spec"]).toEqual({ containers: [item] });
    expect(Object.keys(owners(after))).toEqual(["helm"]);
  });

  it("keeps the fields that others set in an applied empty map", () => {
    const volumes = [{ name: "cache", emptyDir: {} }];
    const live = update(apply(undefined, deployment({ volumes })), {
      volumes: [{ name: "cache", emptyDir: { medium: "Memory" } }],
    });
    expect(apply(live, deployment({ volumes }))["spec"]).toEqual(live["spec"]);
  });

  it("keeps a map it applies empty", () => {
    const live = apply(undefined, deployment({ strategy: { type: "Recreate" } }));
    const applied = deployment({ strategy: {} });
    expect(apply(live, applied)["spec"]).toEqual(applied["spec"]);
  });

  it("lists the owners by operation, then by time", () => {
    const live = apply(undefined, deployment({ replicas: 1 }), { manager: "b" });
    const updated = update(live, { paused: true }, "a");
    const applied = deployment({ minReadySeconds: 1 });
    const after = apply(updated, applied, { manager: "z", now: LATER });
    expect(Object.keys(owners(after))).toEqual(["b", "z", "a"]);
  });

  it("replaces an atomic map and a list without keys", () => {
    const live = apply(undefined, deployment({ selector: { a: "1" }, args: ["a", "b"] }));
    const applied = deployment({ selector: { b: "2" }, args: ["c"] });
    expect(apply(live, applied)["spec"]).toEqual(applied["spec"]);
  });

  it("the time of the manager's entry stays where it claims the same fields", () => {
    const live = apply(undefined, deployment({ replicas: 1 }));
    const timeAfter = (spec: JsonObject) =>
      apply(live, deployment(spec), { now: LATER }).metadata.managedFields?.[0]?.time;
    expect(timeAfter({ replicas: 2 })).toBe(NOW);
    expect(timeAfter({ replicas: 2, paused: true })).toBe(LATER);
  });

  // Order as structured-merge-diff gives it: live items keep their place between the applied ones.
  it.each([
    ["a live item stays in front", "x a b", "a b", "x a b"],
    ["a live item stays between", "a x b", "a b", "a x b"],
    ["a live item stays at the end", "a b x", "a b", "a b x"],
    ["the applied order wins", "a b", "b a", "b a"],
    ["a live item stays where the others move", "a x b", "b a", "x b a"],
    ["a new item comes where it is applied", "a b", "a c b", "a c b"],
    ["a new item comes after the live ones before it", "x y", "a", "x y a"],
  ])("%s: %s with %s is %s", (_, live, applied, expected) => {
    const other = apply(undefined, deployment(env(live)), { manager: "other" });
    expect(apply(other, deployment(env(applied)))["spec"]).toEqual(env(expected));
  });

  it("ports of one number differ by protocol, which is TCP when left out", () => {
    const udp = { containerPort: 53, protocol: "UDP" };
    const tcp = { containerPort: 53, name: "tcp" };
    const live = apply(undefined, withPorts(udp), { manager: "other" });
    expect(apply(live, withPorts(tcp))["spec"]).toEqual(withPorts(udp, tcp)["spec"]);
  });
});

describe("a conflict", () => {
  const api = '.spec.containers[name="api"].image';

  it("names the field and its owner", () => {
    const live = apply(undefined, deployment(container("api:1")), { manager: "other" });
    expect(refusalOf(live, container("api:2"))).toMatchObject({
      code: 409,
      reason: "Conflict",
      message: `Apply failed with 1 conflict: conflict with "other": ${api}`,
      details: {
        causes: [{ reason: "FieldManagerConflict", message: 'conflict with "other"', field: api }],
      },
    });
  });

  it.each([
    ["an update", undefined, '"kubectl" using apps/v1'],
    ["a subresource", "scale", '"kubectl" with subresource "scale" using apps/v1'],
  ])("with %s says so", (_, subresource, owner) => {
    const live = update(
      apply(undefined, deployment({ replicas: 1 })),
      { replicas: 3 },
      "kubectl",
      subresource,
    );
    expect(refusalOf(live, { replicas: 2 })).toMatchObject({
      message: `Apply failed with 1 conflict: conflict with ${owner}: .spec.replicas`,
    });
  });

  it("with several owners lists the fields of each, upper fields first", () => {
    const other = { manager: "other" };
    const live = apply(undefined, deployment({ ...container("api:1"), replicas: 1 }), other);
    const both = update(live, { paused: true }, "kubectl");
    expect(refusalOf(both, { ...container("api:2"), replicas: 2, paused: false })).toMatchObject({
      message: [
        'Apply failed with 3 conflicts: conflicts with "kubectl" using apps/v1:',
        "- .spec.paused",
        'conflicts with "other":',
        "- .spec.replicas",
        `- ${api}`,
      ].join("\n"),
    });
  });

  it("is none where both say the same", () => {
    const live = apply(undefined, deployment({ replicas: 1 }), { manager: "other" });
    expect(Object.keys(owners(apply(live, deployment({ replicas: 1 }))))).toEqual([
      "helm",
      "other",
    ]);
  });

  it("is none where both apply a map as empty, whatever a third put in", () => {
    const volumes = [{ name: "cache", emptyDir: {} }];
    const first = apply(undefined, deployment({ volumes }), { manager: "other" });
    const live = update(first, { volumes: [{ name: "cache", emptyDir: { medium: "Memory" } }] });
    expect(apply(live, deployment({ volumes }))["spec"]).toEqual(live["spec"]);
  });

  it("is settled by force: the field changes hands", () => {
    const live = apply(undefined, deployment({ replicas: 1, paused: true }), { manager: "other" });
    const after = apply(live, deployment({ replicas: 2 }), { force: true });
    expect(after["spec"]).toEqual({ replicas: 2, paused: true });
    expect(owners(after)).toEqual({
      helm: { "f:spec": { "f:replicas": {} } },
      other: { "f:spec": { "f:paused": {} } },
    });
  });

  it("arises on the first apply over an object nobody tracked", () => {
    expect(refusalOf(deployment({ replicas: 1 }), { replicas: 2 })).toMatchObject({
      message:
        'Apply failed with 1 conflict: conflict with "before-first-apply" using apps/v1: .spec.replicas',
    });
  });
});
