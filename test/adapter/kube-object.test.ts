// What the embedded Kubernetes API fills in and shows: defaults, tables, its certificate, refusals.
import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { alreadyExists, forbidden, invalid, notFound } from "../support/kube/api-error.ts";
import { selfSigned } from "../support/kube/certificate.ts";
import { applyDefaults } from "../support/kube/defaults.ts";
import type { JsonObject, KubeObject } from "../support/kube/json.ts";
import { toTable } from "../support/kube/table.ts";

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
