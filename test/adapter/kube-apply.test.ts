// Ownership of fields in the embedded Kubernetes API: server-side apply, and what it leaves to others.
import { describe, expect, it } from "vitest";
import { decodeFieldSet, encodeFieldSet, fieldsOf } from "../support/kube/field-set.ts";
import {
  type Json,
  type JsonObject,
  type KubeObject,
  type ManagedFieldsEntry,
  objectAt,
} from "../support/kube/json.ts";
import { trackUpdate } from "../support/kube/managed-fields.ts";
import { serverSideApply } from "../support/kube/server-side-apply.ts";

const NOW = "2026-11-21T00:00:00Z";
const LATER = "2026-11-21T00:01:00Z";

function deployment(spec: JsonObject, metadata: JsonObject = {}): KubeObject {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "shop", ...metadata },
    spec,
  };
}

function apply(
  live: KubeObject | undefined,
  applied: KubeObject,
  { manager = "helm", force = false, now = NOW } = {},
): KubeObject {
  return serverSideApply(live, applied, { manager, force, now });
}

/** `live` with the changes another client made to its spec. */
function update(live: KubeObject, spec: JsonObject, manager = "kubectl", subresource?: string) {
  const object = structuredClone(live);
  object["spec"] = { ...objectAt(object, "spec"), ...spec };
  trackUpdate(live, object, { manager, now: NOW, subresource });
  return object;
}

function env(names: string): JsonObject {
  return { env: names.split(" ").map((name) => ({ name, value: "1" })) };
}

function container(image: string): JsonObject {
  return { containers: [{ name: "api", image }] };
}

/** The entry of Helm as the first owner of these fields. */
function entry(fieldsV1: JsonObject): ManagedFieldsEntry {
  return {
    manager: "helm",
    operation: "Apply",
    apiVersion: "apps/v1",
    time: NOW,
    fieldsType: "FieldsV1",
    fieldsV1,
  };
}

function refusalOf(live: KubeObject, spec: JsonObject): unknown {
  try {
    return apply(live, deployment(spec));
  } catch (error) {
    return error;
  }
}

function owners(object: KubeObject): Record<string, Json> {
  const entries = object.metadata.managedFields ?? [];
  return Object.fromEntries(entries.map(({ manager, fieldsV1 }) => [manager, fieldsV1]));
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
    const live = apply(undefined, deployment({ replicas: 1 }), { manager: "b", now: LATER });
    const updated = update(live, { paused: true }, "a");
    const second = apply(updated, deployment({ minReadySeconds: 1 }), { manager: "z" });
    expect(Object.keys(owners(second))).toEqual(["z", "b", "a"]);
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
    const dns = (...ports: JsonObject[]) => deployment({ containers: [{ name: "dns", ports }] });
    const udp = { containerPort: 53, protocol: "UDP" };
    const tcp = { containerPort: 53, name: "tcp" };
    const live = apply(undefined, dns(udp), { manager: "other" });
    expect(apply(live, dns(tcp))["spec"]).toEqual(dns(udp, tcp)["spec"]);
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

describe("after an update", () => {
  it("what changed belongs to the updater alone", () => {
    const live = apply(undefined, deployment({ replicas: 1, paused: true }));
    expect(owners(update(live, { replicas: 3 }))).toEqual({
      helm: { "f:spec": { "f:paused": {} } },
      kubectl: { "f:spec": { "f:replicas": {} } },
    });
  });

  it("what went is nobody's", () => {
    const live = apply(undefined, deployment({ replicas: 1, paused: true }));
    const object = deployment({ paused: true });
    trackUpdate(live, object, { manager: "kubectl", now: NOW });
    expect(owners(object)).toEqual({ helm: { "f:spec": { "f:paused": {} } } });
  });

  it("a second update of the same manager adds to its entry", () => {
    const created = deployment({ replicas: 1 });
    trackUpdate(undefined, created, { manager: "kubectl", now: NOW });
    const object = deployment({ replicas: 1, paused: true });
    trackUpdate(created, object, { manager: "kubectl", now: LATER });
    expect(object.metadata.managedFields).toEqual([
      {
        ...entry({ "f:spec": { "f:paused": {}, "f:replicas": {} } }),
        manager: "kubectl",
        operation: "Update",
        time: LATER,
      },
    ]);
  });

  it("a map that lost its last field has no new owner", () => {
    const live = apply(undefined, deployment({ replicas: 1, strategy: { type: "Recreate" } }));
    const after = update(live, { strategy: {} });
    expect(owners(after)).toEqual({ helm: { "f:spec": { "f:replicas": {} } } });
  });

  it("through a subresource, the manager has an entry of its own for it", () => {
    const live = update(apply(undefined, deployment({ minReadySeconds: 1 })), { paused: true });
    const scaled = update(live, { replicas: 3 }, "kubectl", "scale");
    expect(
      scaled.metadata.managedFields?.map(({ manager, subresource }) => [manager, subresource]),
    ).toEqual([
      ["helm", undefined],
      ["kubectl", undefined],
      ["kubectl", "scale"],
    ]);
  });

  it("an object nobody tracks stays so", () => {
    const after = update(deployment({ replicas: 1 }), { replicas: 2 });
    expect(after.metadata).toEqual({ name: "shop" });
  });

  it("that changes nothing, owners and times are as before", () => {
    const live = update(apply(undefined, deployment({ replicas: 1 })), { paused: true });
    const object = structuredClone(live);
    trackUpdate(live, object, { manager: "kubectl", now: LATER });
    expect(object).toEqual(live);
  });

  it("owners that the client wrote itself hold, as in Helm's way from client-side to server-side apply", () => {
    const live = update(apply(undefined, deployment({})), { replicas: 1 }, "helm3");
    const object = structuredClone(live);
    object.metadata.managedFields = [entry({ "f:spec": { "f:replicas": {} } })];
    trackUpdate(live, object, { manager: "helm", now: LATER });
    expect(object.metadata.managedFields).toEqual([entry({ "f:spec": { "f:replicas": {} } })]);
  });

  it("an empty list of owners is not taken for a wish, one empty entry is", () => {
    const live = apply(undefined, deployment({ replicas: 1 }));
    const sent = (managedFields: Json[]): KubeObject => {
      const object = deployment({ replicas: 1 }, { managedFields });
      trackUpdate(live, object, { manager: "kubectl", now: NOW });
      return object;
    };
    expect(owners(sent([]))).toEqual(owners(live));
    expect(sent([{}]).metadata).not.toHaveProperty("managedFields");
  });
});

describe("field sets", () => {
  it("name items by their keys, the values of sets, and leaves only", () => {
    const object = deployment(
      {
        selector: { matchLabels: { app: "shop" } },
        ports: [{ port: 80 }],
        volumes: [{ name: "cache", emptyDir: {} }],
        args: ["a"],
      },
      { labels: { app: "shop" }, finalizers: ["wait"], uid: "u1" },
    );
    const encoded = {
      "f:metadata": { "f:finalizers": { 'v:"wait"': {} }, "f:labels": { "f:app": {} } },
      "f:spec": {
        "f:args": {},
        "f:ports": {
          'k:{"port":80,"protocol":"TCP"}': { ".": {}, "f:port": {} },
        },
        "f:selector": {},
        "f:volumes": { 'k:{"name":"cache"}': { ".": {}, "f:emptyDir": {}, "f:name": {} } },
      },
    };
    expect(encodeFieldSet(fieldsOf(object))).toEqual(encoded);
    expect(decodeFieldSet(encoded)).toEqual(fieldsOf(object));
  });
});
