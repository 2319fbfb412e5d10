// The patches of the embedded Kubernetes API that know no owners. Behaviour as measured against kube-apiserver 1.34.3.
import { describe, expect, it } from "vitest";
import { applyJsonPatch } from "../support/kube/json-patch.ts";
import { applyMergePatch } from "../support/kube/merge-patch.ts";
import { applyStrategicMergePatch } from "../support/kube/strategic-merge-patch.ts";

describe("JSON patch", () => {
  const document = { labels: { "a/b": "1", "c~d": "2" }, list: ["x", "y"], map: { deep: 1 } };

  it.each([
    ["adds a field", { op: "add", path: "/map/new", value: [1] }, { map: { deep: 1, new: [1] } }],
    ["adds over a field", { op: "add", path: "/map/deep", value: 2 }, { map: { deep: 2 } }],
    ["inserts an item", { op: "add", path: "/list/1", value: "z" }, { list: ["x", "z", "y"] }],
    ["appends an item", { op: "add", path: "/list/-", value: "z" }, { list: ["x", "y", "z"] }],
    ["removes an item", { op: "remove", path: "/list/0" }, { list: ["y"] }],
    ["replaces an item", { op: "replace", path: "/list/0", value: "z" }, { list: ["z", "y"] }],
    ["replaces a field by null", { op: "replace", path: "/map", value: null }, { map: null }],
    ["reads ~1 as a slash", { op: "remove", path: "/labels/a~1b" }, { labels: { "c~d": "2" } }],
    ["reads ~0 as a tilde", { op: "remove", path: "/labels/c~0d" }, { labels: { "a/b": "1" } }],
    [
      "moves",
      { op: "move", from: "/list/0", path: "/map/x" },
      { list: ["y"], map: { deep: 1, x: "x" } },
    ],
    ["copies", { op: "copy", from: "/list/0", path: "/list/-" }, { list: ["x", "y", "x"] }],
    ["goes on after a true test", { op: "test", path: "/map", value: { deep: 1 } }, {}],
  ])("%s", (_, operation, changed) => {
    expect(applyJsonPatch(document, [operation])).toEqual({ ...document, ...changed });
  });

  it.each([
    ["a false test", { op: "test", path: "/map/deep", value: 2 }],
    ["a missing field to remove", { op: "remove", path: "/map/none" }],
    ["a missing field to replace", { op: "replace", path: "/map/none", value: 1 }],
    ["a missing parent", { op: "add", path: "/none/deep", value: 1 }],
    ["an index past the end", { op: "add", path: "/list/3", value: "z" }],
    ["a text for an index", { op: "remove", path: "/list/x" }],
    ["an add without a value", { op: "add", path: "/map/new" }],
    ["an unknown operation", { op: "increment", path: "/map/deep" }],
  ])("%s is refused as invalid", (_, operation) => {
    expect(() => applyJsonPatch(document, [operation])).toThrow(
      expect.objectContaining({
        code: 422,
        reason: "Invalid",
        message: "the server rejected our request due to an error in our request",
      }),
    );
  });

  it("a patch that is no list is a bad request", () => {
    expect(() => applyJsonPatch(document, { op: "remove", path: "/map" })).toThrow(
      expect.objectContaining({ code: 400, reason: "BadRequest" }),
    );
  });

  it("a refused patch leaves the document as it was", () => {
    const before = structuredClone(document);
    const operations = [
      { op: "remove", path: "/map" },
      { op: "remove", path: "/map" },
    ];
    expect(() => applyJsonPatch(document, operations)).toThrow("rejected");
    expect(document).toEqual(before);
  });
});

describe("merge patch", () => {
  // The cases of RFC 7386, appendix A.
  it.each([
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [
      ["a", "b"],
      ["c", "d"],
      ["c", "d"],
    ],
    [{ a: "b" }, ["c"], ["c"]],
    [{ a: "foo" }, null, null],
    [{ a: "foo" }, "bar", "bar"],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])("%j patched with %j is %j", (current, patch, expected) => {
    expect(applyMergePatch(current, patch)).toEqual(expected);
  });
});

describe("strategic merge patch", () => {
  const containers = [
    { name: "api", image: "api:1", env: [{ name: "A", value: "1" }] },
    { name: "proxy", image: "proxy:1" },
  ];
  const web = { containerPort: 80 };

  it.each([
    [
      "merges the item of the same name",
      { containers: [{ name: "api", image: "api:2" }] },
      { containers: [{ ...containers[0], image: "api:2" }, containers[1]] },
    ],
    [
      "adds an unknown item at the end",
      { containers: [{ name: "new", image: "new:1" }] },
      { containers: [...containers, { name: "new", image: "new:1" }] },
    ],
    [
      "deletes an item",
      { containers: [{ name: "api", $patch: "delete" }] },
      { containers: [containers[1]] },
    ],
    [
      "ignores an unknown item to delete",
      { containers: [{ name: "none", $patch: "delete" }] },
      { containers },
    ],
    [
      "replaces the whole list",
      { containers: [{ name: "new", image: "new:1" }, { $patch: "replace" }] },
      { containers: [{ name: "new", image: "new:1" }] },
    ],
    [
      "reaches a list within an item",
      { containers: [{ name: "api", env: [{ name: "B", value: "2" }] }] },
      {
        containers: [
          {
            ...containers[0],
            env: [
              { name: "A", value: "1" },
              { name: "B", value: "2" },
            ],
          },
          containers[1],
        ],
      },
    ],
    [
      "puts items in the order asked for",
      { "$setElementOrder/containers": [{ name: "proxy" }, { name: "api" }] },
      { containers: containers.toReversed() },
    ],
  ])("%s", (_, patch, expected) => {
    expect(applyStrategicMergePatch({ containers }, patch)).toEqual(expected);
  });

  it.each([
    ["replaces a list without keys", { args: ["a"] }, { args: ["b"] }, { args: ["b"] }],
    ["deletes a field by null", { replicas: 1, paused: true }, { paused: null }, { replicas: 1 }],
    [
      "makes no field from a null in a new map",
      {},
      { labels: { a: "1", b: null } },
      { labels: { a: "1" } },
    ],
    ["replaces a map", { map: { a: 1 } }, { map: { b: 2, $patch: "replace" } }, { map: { b: 2 } }],
    ["deletes a map", { map: { a: 1 }, b: 1 }, { map: { $patch: "delete" } }, { b: 1 }],
    [
      "keeps only the keys to retain",
      { strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } } },
      { strategy: { $retainKeys: ["type"], type: "Recreate" } },
      { strategy: { type: "Recreate" } },
    ],
    [
      "adds to a set",
      { finalizers: ["a"] },
      { finalizers: ["b", "a"] },
      { finalizers: ["a", "b"] },
    ],
    [
      "takes items out of a set",
      { finalizers: ["a", "b"] },
      { "$deleteFromPrimitiveList/finalizers": ["a"] },
      { finalizers: ["b"] },
    ],
    [
      "knows a container's port by its number, not by its protocol",
      { containers: [{ name: "a", ports: [{ containerPort: 53, protocol: "UDP" }, web] }] },
      { containers: [{ name: "a", ports: [{ containerPort: 53, protocol: "TCP" }] }] },
      { containers: [{ name: "a", ports: [{ containerPort: 53, protocol: "TCP" }, web] }] },
    ],
    [
      "merges the ports of a Service",
      { spec: { ports: [{ port: 80 }] } },
      { spec: { ports: [{ port: 443 }] } },
      { spec: { ports: [{ port: 80 }, { port: 443 }] } },
    ],
    [
      "replaces the ports of a NetworkPolicy's rule",
      { spec: { ingress: [{ ports: [{ port: 80 }] }] } },
      { spec: { ingress: [{ ports: [{ port: 443 }] }] } },
      { spec: { ingress: [{ ports: [{ port: 443 }] }] } },
    ],
    [
      "replaces a list of a custom resource that has not the keys of its name",
      { spec: { ports: [{ number: 80 }, { number: 81 }] } },
      { spec: { ports: [{ number: 443 }] } },
      { spec: { ports: [{ number: 443 }] } },
    ],
    [
      "leaves an item the order does not name behind the item it stood behind",
      { env: ["A", "live", "B", "C"].map((name) => ({ name })) },
      { "$setElementOrder/env": ["C", "A", "B"].map((name) => ({ name })) },
      { env: ["C", "A", "live", "B"].map((name) => ({ name })) },
    ],
  ])("%s", (_, current, patch, expected) => {
    expect(applyStrategicMergePatch(current, patch)).toEqual(expected);
  });
});
