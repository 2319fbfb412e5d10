// Who owns the fields of an object in the embedded Kubernetes API after a create, an update or a patch.
import { describe, expect, it } from "vitest";
import { decodeFieldSet, encodeFieldSet, fieldsOf } from "../support/kube/field-set.ts";
import type { Json, KubeObject } from "../support/kube/json.ts";
import { trackUpdate } from "../support/kube/managed-fields.ts";
import {
  apply,
  deployment,
  entry,
  LATER,
  NOW,
  owners,
  update,
} from "../support/kube/tracked-deployment.ts";

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
