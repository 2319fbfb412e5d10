// What the embedded Kubernetes API reads, fills in and shows: protobuf bodies, defaults, tables, its certificate.
import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { alreadyExists, forbidden, invalid, notFound } from "../support/kube/api-error.ts";
import { selfSigned } from "../support/kube/certificate.ts";
import { applyDefaults } from "../support/kube/defaults.ts";
import type { JsonObject, KubeObject } from "../support/kube/json.ts";
import { decodeProtobuf } from "../support/kube/protobuf.ts";
import { toTable } from "../support/kube/table.ts";

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

function withDefaults(kind: string, fields: JsonObject, apiVersion = "v1"): KubeObject {
  const object = { apiVersion, kind, metadata: { name: "shop", uid: "0a0bcccc" }, ...fields };
  applyDefaults(object);
  return object;
}

describe("defaults", () => {
  it("empty lists, empty maps of text and nulls vanish, an empty struct stays", () => {
    const fields = {
      metadata: { name: "shop", uid: "u1", labels: {}, finalizers: [] },
      spec: { containers: [], volumes: [{ name: "cache", emptyDir: {} }], nodeName: null },
    };
    const { metadata, spec } = withDefaults("Pod", fields);
    expect(metadata).toEqual({ name: "shop", uid: "u1" });
    expect(spec).toMatchObject({ volumes: [{ name: "cache", emptyDir: {} }] });
    expect(Object.keys(spec ?? {})).not.toContain("containers");
    expect(Object.keys(spec ?? {})).not.toContain("nodeName");
    expect(withDefaults("Role", { rules: [] })).toMatchObject({ rules: [] });
  });

  it("a null among texts is the empty text", () => {
    const fields = { data: { a: null, b: "1" } };
    expect(withDefaults("ConfigMap", fields)).toMatchObject({ data: { a: "", b: "1" } });
  });

  it("a custom resource keeps its fields, though it be named like a built-in kind", () => {
    const fields = { spec: { list: [], labels: {}, nothing: null } };
    const service = withDefaults("Service", structuredClone(fields), "serving.knative.dev/v1");
    expect(service["spec"]).toEqual(fields.spec);
  });

  it("the texts of a Secret become data", () => {
    const fields = { stringData: { token: "x" }, data: { old: "eQ==" } };
    const secret = withDefaults("Secret", fields);
    expect(secret).toMatchObject({ type: "Opaque", data: { token: "eA==", old: "eQ==" } });
    expect(secret).not.toHaveProperty("stringData");
  });

  it.each([
    ["api", "Always"],
    ["api:latest", "Always"],
    ["registry:5000/api", "Always"],
    ["registry:5000/api:1.2", "IfNotPresent"],
  ])("the image %s is pulled %s", (image, imagePullPolicy) => {
    const template = { spec: { containers: [{ name: "api", image }] } };
    expect(withDefaults("Deployment", { spec: { template } }, "apps/v1")).toMatchObject({
      spec: {
        replicas: 1,
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%" } },
        template: { spec: { restartPolicy: "Always", containers: [{ imagePullPolicy }] } },
      },
    });
  });

  it("a Job finds its pods by its uid, and has their labels when it has none", () => {
    const spec = { template: { metadata: { labels: { app: "shop" } }, spec: { containers: [] } } };
    const labels = {
      app: "shop",
      "batch.kubernetes.io/controller-uid": "0a0bcccc",
      "batch.kubernetes.io/job-name": "shop",
      "controller-uid": "0a0bcccc",
      "job-name": "shop",
    };
    expect(withDefaults("Job", { spec }, "batch/v1")).toMatchObject({
      metadata: { labels },
      spec: {
        selector: { matchLabels: { "batch.kubernetes.io/controller-uid": "0a0bcccc" } },
        template: { metadata: { labels } },
      },
    });
  });

  it.each([
    [{}, { clusterIP: "10.96.10.11", clusterIPs: ["10.96.10.11"] }],
    [{ clusterIP: "None" }, { clusterIP: "None", clusterIPs: ["None"] }],
  ])("a Service with %j has %j", (given, expected) => {
    const service = withDefaults("Service", { spec: { ...given, ports: [{ port: 80 }] } });
    const ports = [{ port: 80, targetPort: 80, protocol: "TCP" }];
    expect(service).toMatchObject({ spec: { type: "ClusterIP", ...expected, ports } });
  });

  it("are the same when applied again", () => {
    const job = { template: { spec: { containers: [{ name: "a", image: "a" }] } } };
    const once = withDefaults("Job", { spec: job }, "batch/v1");
    const twice = structuredClone(once);
    applyDefaults(twice);
    expect(twice).toEqual(once);
  });
});

describe("the table of kubectl get", () => {
  const NOW = Date.parse("2026-11-21T00:00:00Z");
  const metadata = { name: "shop", creationTimestamp: "2026-11-20T23:55:30Z" };
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata,
    spec: { containers: [{ name: "api" }, { name: "proxy" }] },
    status: { phase: "Pending", containerStatuses: [{ ready: true }, { ready: false }] },
  };

  it("has a row for each object of a list", () => {
    const list = { kind: "PodList", metadata: { resourceVersion: "9" }, items: [pod] };
    expect(toTable("Pod", list, "Metadata", NOW)).toMatchObject({
      kind: "Table",
      metadata: { resourceVersion: "9" },
      columnDefinitions: ["Name", "Ready", "Status", "Restarts", "Age"].map((name) => ({ name })),
      rows: [
        {
          cells: ["shop", "1/2", "Pending", "0", "4m30s"],
          object: { kind: "PartialObjectMetadata", metadata },
        },
      ],
    });
  });

  it.each([
    ["Object", [{ cells: ["shop", "4m30s"], object: { metadata } }]],
    ["None", [{ cells: ["shop", "4m30s"] }]],
  ])("of a kind without columns of its own, with %s", (includeObject, rows) => {
    const table = toTable("Widget", { metadata }, includeObject, NOW);
    expect(table["rows"]).toEqual(rows);
  });

  it.each([
    ["2026-11-20T23:58:01Z", "119s"],
    ["2026-11-20T23:58:00Z", "2m"],
    ["2026-11-20T22:30:00Z", "90m"],
    ["2026-11-20T20:00:00Z", "4h"],
    ["2026-11-21T00:00:05Z", "0s"],
  ])("something made at %s is %s old", (creationTimestamp, age) => {
    const object = { metadata: { name: "shop", creationTimestamp } };
    expect(toTable("Widget", object, "None", NOW)).toMatchObject({
      rows: [{ cells: ["shop", age] }],
    });
  });
});

describe("the certificate", () => {
  it("is valid now, for the names and addresses asked for, and signed by its own key", () => {
    const { key, cert } = selfSigned(["localhost", "kubernetes.default.svc"], ["127.0.0.1"]);
    const certificate = new X509Certificate(cert);
    expect(certificate.checkHost("kubernetes.default.svc")).toBe("kubernetes.default.svc");
    expect(certificate.checkHost("example.com")).toBeUndefined();
    expect(certificate.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(certificate.ca).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.validFromDate < new Date() && new Date() < certificate.validToDate).toBe(
      true,
    );
    expect(key).toContain("BEGIN PRIVATE KEY");
  });
});

describe("refusals", () => {
  const deployments = { group: "apps", plural: "deployments" };
  const secrets = { group: "", plural: "secrets" };

  it.each([
    [notFound(deployments, "shop"), 'deployments.apps "shop" not found'],
    [alreadyExists(secrets, "shop"), 'secrets "shop" already exists'],
    [forbidden(secrets, "", "no"), "secrets is forbidden: no"],
    [forbidden(secrets, "shop", "no"), 'secrets "shop" is forbidden: no'],
    [
      invalid(
        { kind: "Deployment", group: "apps", name: "shop" },
        "spec.selector",
        "field is immutable",
      ),
      'Deployment.apps "shop" is invalid: spec.selector: field is immutable',
    ],
  ])("read as kube-apiserver's: %s", (error, message) => {
    expect(error.toStatus()).toMatchObject({
      kind: "Status",
      status: "Failure",
      message,
      reason: error.reason,
      code: error.code,
    });
  });
});
