import { expect, it } from "vitest";
import { findRecord } from "../../src/release/manifest-record.ts";

const RECORD = { v: 1, environment: "test", chart: { name: "shop", version: "1" }, services: {} };

const configMap = (name: string, data: string) => `---
# Source: shop/templates/record.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
data:
${data}
`;
const text = `  record.json: '${JSON.stringify(RECORD)}'`;
const own = configMap("shop-helm-notify-record", text);

it.each([
  ["alone", own],
  ["among others", `${configMap("other", "  a: b")}${own}${configMap("last", "  a: b")}`],
  [
    "as a block",
    configMap("shop-helm-notify-record", `  record.json: |\n    ${JSON.stringify(RECORD)}`),
  ],
  [
    "after one that only mentions it",
    `${configMap("other", "  of: shop-helm-notify-record")}${own}`,
  ],
  ["after one that cannot be read", `---\na: [shop-helm-notify-record\n${own}`],
  ["beside keys given twice", own.replace("data:", "data:\n  x: a\n  x: b")],
])("a record is found %s", async (_, manifest) => {
  expect(await findRecord(manifest, "shop")).toEqual(RECORD);
});

it.each([
  ["no manifest", ""],
  ["another release's", configMap("shop-two-helm-notify-record", text)],
  ["another kind", own.replace("ConfigMap", "Secret")],
  ["no data", configMap("shop-helm-notify-record", "  other: x")],
  ["a text that is no record", configMap("shop-helm-notify-record", "  record.json: hello")],
  ["a list", "---\n- shop-helm-notify-record\n"],
])("there is none in %s", async (_, manifest) => {
  expect(await findRecord(manifest, "shop")).toBeUndefined();
});
