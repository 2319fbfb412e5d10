// The protobuf bodies that the embedded Kubernetes API reads.
import { describe, expect, it } from "vitest";
import { decodeProtobuf } from "../support/kube/protobuf.ts";

describe("protobuf", () => {
  // Recorded from kubectl 1.36 (`create`, `auth can-i`).
  it.each([
    [
      "azhzAAoMCgJ2MRIGU2VjcmV0Ej0KFQoFc2xhY2sSABoAIgAqADIAOABCABIJCgVlbXB0eRIAEhcKCndlYmhvb2tVcmwSCWh0dHBzOi8veBoAGgAiAA==",
      {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "slack" },
        data: { empty: "", webhookUrl: "aHR0cHM6Ly94" },
      },
    ],
    [
      "azhzAAoPCgJ2MRIJQ29uZmlnTWFwEioKGAoIc2V0dGluZ3MSABoAIgAqADIAOABCABIGCgFhEgExEgYKAWISATIaACIA",
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "settings" },
        data: { a: "1", b: "2" },
      },
    ],
    [
      "azhzAAooChhhdXRoZW50aWNhdGlvbi5rOHMuaW8vdjESDFRva2VuUmVxdWVzdBIjChAKABIAGgAiACoAMgA4AEIAEgkKAWEKAWIg2AQaBAoAEgAaACIA",
      {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        metadata: {},
        spec: { audiences: ["a", "b"], expirationSeconds: 600 },
      },
    ],
    [
      "azhzAAoyChdhdXRob3JpemF0aW9uLms4cy5pby92MRIXU2VsZlN1YmplY3RBY2Nlc3NSZXZpZXcSQQoQCgASABoAIgAqADIAOABCABIjCiEKBHNob3ASA2dldBoAIgAqB3NlY3JldHMyADoFc2xhY2saCAgAEgAaACAAGgAiAA==",
      {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        metadata: {},
        spec: {
          resourceAttributes: {
            namespace: "shop",
            verb: "get",
            resource: "secrets",
            name: "slack",
          },
        },
      },
    ],
    [
      "azhzAAorChxyYmFjLmF1dGhvcml6YXRpb24uazhzLmlvL3YxEgtSb2xlQmluZGluZxJaChIKAnJiEgAaACIAKgAyADgAQgASHgoOU2VydmljZUFjY291bnQSABoEaG9vayIEc2hvcBokChlyYmFjLmF1dGhvcml6YXRpb24uazhzLmlvEgRSb2xlGgFyGgAiAA==",
      {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "RoleBinding",
        metadata: { name: "rb" },
        subjects: [{ kind: "ServiceAccount", name: "hook", namespace: "shop" }],
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "r" },
      },
    ],
  ])("%s is read as kubectl's JSON would be", (bytes, expected) => {
    expect(decodeProtobuf(Buffer.from(bytes, "base64"))).toEqual(expected);
  });

  it("an empty number is left out, a pointer to one is kept", () => {
    const secret = envelope("v1", "Secret", "0a023800"); // metadata.generation = 0
    expect(decodeProtobuf(secret)).toEqual({ apiVersion: "v1", kind: "Secret", metadata: {} });
    const options = envelope("v1", "DeleteOptions", "0800"); // gracePeriodSeconds = 0
    expect(decodeProtobuf(options)).toMatchObject({ gracePeriodSeconds: 0 });
  });

  it("times are RFC 3339, labels a map, owners a list", () => {
    const time = field(8, field(1, 1_763_683_200));
    const labels = field(11, Buffer.concat([field(1, "owner"), field(2, "helm")]));
    const job = field(13, Buffer.concat([field(1, "Job"), field(6, 1)]));
    const pod = field(13, field(1, "Pod"));
    const metadata = field(1, Buffer.concat([time, labels, job, pod]));
    expect(decodeProtobuf(envelope("v1", "ConfigMap", metadata))["metadata"]).toEqual({
      creationTimestamp: "2025-11-21T00:00:00Z",
      labels: { owner: "helm" },
      ownerReferences: [{ kind: "Job", controller: true }, { kind: "Pod" }],
    });
  });

  it("a kind without fields here is refused, so that the client says which", () => {
    expect(() => decodeProtobuf(envelope("batch/v1", "Job", ""))).toThrow(
      expect.objectContaining({ code: 415, message: 'no protobuf for kind "Job" here: send JSON' }),
    );
  });

  it.each([
    ["other bytes", Buffer.from("{}")],
    ["a cut varint", Buffer.from("k8s\0\xff", "latin1")],
    ["a cut field", Buffer.from("k8s\0\x0a\x7f", "latin1")],
    ["a wire type Kubernetes has not", Buffer.from("k8s\0\x0d\0\0\0\0", "latin1")],
    ["a number where the type should be", Buffer.from("k8s\0\x08\x01", "latin1")],
  ])("%s are a bad request", (_, bytes) => {
    expect(() => decodeProtobuf(bytes)).toThrow(expect.objectContaining({ code: 400 }));
  });
});

/** A field of a protobuf message, short enough for one byte of length. */
function field(number: number, value: number | string | Buffer): Buffer {
  if (typeof value === "number") return Buffer.from([number << 3, ...varint(value)]);
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(Math.floor(value / 128))];
}

function envelope(apiVersion: string, kind: string, object: string | Buffer): Buffer {
  const type = Buffer.concat([field(1, apiVersion), field(2, kind)]);
  const bytes = typeof object === "string" ? Buffer.from(object, "hex") : object;
  return Buffer.concat([Buffer.from("k8s\0"), field(1, type), field(2, bytes)]);
}
