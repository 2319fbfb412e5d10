// What a command's flags and files say, and who says it: messages, origins, and what is left to Helm.
import { createServer } from "node:http";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import type { ValueSources } from "../../src/domain/request.ts";
import { parsePath } from "../../src/domain/values.ts";
import type { RunHelmForOutput } from "../../src/flow/ports.ts";
import {
  computeUserValues,
  type UserValues,
  type ValuesWorld,
} from "../../src/helm/values/user-values.ts";
import { helmOutput } from "../support/helm-output.ts";

const folder = mkdtempSync(join(tmpdir(), "user-values-"));
const server = createServer((request, response) => {
  if (request.url === "/missing.yaml") response.writeHead(404);
  response.end("a: {b: 0777}\n");
});
let origin = "";

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const refuseHelm: RunHelmForOutput = () => Promise.reject(new Error("helm was asked"));
const refuseStdin = () => Promise.reject(new Error("stdin was read"));

function compute(
  sources: Partial<ValueSources>,
  world: Partial<ValuesWorld> = {},
): Promise<UserValues> {
  const none = { files: [], set: [], setString: [], setJson: [], setFile: [], setLiteral: [] };
  return computeUserValues(
    { ...none, ...sources },
    { readDescriptor: refuseStdin, runHelm: refuseHelm, ...world },
  );
}

const stdin = (text: string) => () => Promise.resolve(Buffer.from(text));

describe("who says what stands at a path", () => {
  it("the last source that says it, whatever the value", async () => {
    const base = file(
      "base.yaml",
      "api: {image: {tag: '1'}, port: 80}\nweb: {image: {tag: '1'}}\n",
    );
    const prod = file("prod.yaml", "api: {image: {tag: '1'}}\ngone: ~\nlist: [{a: 1}, {a: 2}]\n");
    const { originOf } = await compute({
      files: [base, prod],
      set: ["web.image.tag=1", "list[1].a=3"],
      setString: ["api.replicas=2"],
    });
    const origins = ["api.image.tag", "api.port", "web.image.tag", "list[1].a", "list[0].a"].map(
      (path) => originOf(parsePath(path)),
    );
    expect(origins).toEqual([prod, base, "--set", "--set", prod]);
    expect(originOf(["gone", "image", "tag"])).toBe(prod);
    expect(originOf(["api", "replicas"])).toBe("--set-string");
    expect(originOf(["api", "image", "digest"])).toBeUndefined();
  });
});

const isReplaced = async (sources: Partial<ValueSources>) =>
  (await compute(sources)).isReplaced(parsePath("api.image.tag"));

describe("what a file before the others says at a path", () => {
  it.each(['api={"image":{"repository":"x"}}', 'api.image={"repository":"x"}', "b=1,api.image={}"])(
    "is lost by --set-json %s",
    async (text) => expect(await isReplaced({ setJson: [text] })).toBe(true),
  );

  it.each(['api.image.repository="x"', 'web={"image":{}}', 'api.other={"a":1}'])(
    "stays with --set-json %s",
    async (text) => expect(await isReplaced({ setJson: [text] })).toBe(false),
  );

  it("stays with files and --set", async () => {
    const files = [file("api.yaml", "api: {image: {repository: x}}\n")];
    expect(await isReplaced({ files, set: ["api.image.repository=y"] })).toBe(false);
  });
});

describe("standard input", () => {
  it("is read once, by the first that names it", async () => {
    const { values, originOf } = await compute(
      { files: ["-", "-"], setFile: ["b=-"] },
      { readDescriptor: stdin("a: 1\n") },
    );
    expect(values).toEqual({ a: 1, b: "" });
    expect(originOf(["a"])).toBe("-");
  });

  it("is not touched without need", async () => {
    const { values } = await compute({ set: ["a=-"] }, { readDescriptor: refuseStdin });
    expect(values).toEqual({ a: "-" });
  });
});

describe.each(HELM_MAJORS)("what Helm %i is asked", (major) => {
  const runHelm = helmOutput(major);

  it("a values file behind a URL", async () => {
    const { values } = await compute({ files: [`${origin}/a.yaml`], set: ["a.c=1"] }, { runHelm });
    expect(values).toEqual({ a: { b: 511, c: 1 } });
  });

  it("a file of --set-file behind a URL", async () => {
    const { values } = await compute({ setFile: [`a=${origin}/a.yaml`] }, { runHelm });
    expect(values).toEqual({ a: "a: {b: 0777}\n" });
  });

  it("a URL that fails is refused without its password", async () => {
    const url = `${origin.replace("//", "//me:secret@")}/missing.yaml`;
    const failure = compute({ files: [url] }, { runHelm });
    await expect(failure).rejects.toThrow(/^helm cannot read http:\/\/\*\*\*@127.+404/);
    await expect(failure).rejects.not.toThrow("secret");
  });

  it("a file of several documents", async () => {
    const several = file("several.yaml", "a: {b: 1}\n---\na: {c: 2}\n");
    const { values } = await compute({ files: [several] }, { runHelm });
    expect(values).toEqual(major === 3 ? { a: { b: 1 } } : { a: { b: 1, c: 2 } });
  });

  it("a block at the very end of a file without a line break", async () => {
    const unended = file("unended.yaml", "a: |\n  x");
    const { values } = await compute({ files: [unended] }, { runHelm });
    expect(values).toEqual({ a: major === 3 ? "x" : "x\n" });
  });

  it("standard input that only Helm understands", async () => {
    const { values } = await compute(
      { files: ["-"] },
      { runHelm, readDescriptor: stdin("1.2345678: a\n") },
    );
    expect(values).toEqual({ "1.2345678": "a" });
  });

  it("an object given to --set-json", async () => {
    const outcome = await compute(
      { set: ["a.c=1"], setJson: ['{"a": {"b": null}}'] },
      { runHelm },
    ).then(
      ({ values }) => values,
      (error: Error) => error.message,
    );
    expect(outcome).toEqual(
      major === 4 ? { a: { b: null, c: 1 } } : "--set-json {…}: this helm does not take it",
    );
  });

  it("a file that both refuse is refused with its line", async () => {
    const broken = file("broken.yaml", "a: 1\nb:\n  - c\n d: 2\n");
    await expect(compute({ files: [broken] }, { runHelm })).rejects.toThrow(/broken\.yaml:4: /);
  });
});

describe("what cannot be used is refused before Helm runs", () => {
  it.each<[string, () => Partial<ValueSources>, string]>([
    [
      "a missing file",
      () => ({ files: [join(folder, "no.yaml")] }),
      "no.yaml: there is no such file",
    ],
    ["a folder as file", () => ({ files: [folder] }), ": it is a directory"],
    [
      "a list as file",
      () => ({ files: [file("l.yaml", "- a\n")] }),
      "l.yaml holds a list, not a map",
    ],
    ["an open index", () => ({ set: ["a["] }), '--set "a[": error parsing index: it has no ]'],
    ["no value", () => ({ setString: ["a=1,b"] }), '--set-string "b": key "b" has no value'],
    ["an open list", () => ({ set: ["a={secret"] }), "--set \"a=…\": list must terminate with '}'"],
    ["no JSON", () => ({ setJson: ["a={secret}"] }), '--set-json "a=": its value is not JSON'],
    ["a map in a text", () => ({ set: ["a=x", "a.b=secret"] }), '--set "a.": "a" is not a map'],
    ["a list in a text", () => ({ set: ["a=x,a[0]=1"] }), '--set "a[0]": "a" is not a list'],
    [
      "a missing file to set",
      () => ({ setFile: ["a=/no/file"] }),
      "cannot read /no/file: there is no such file",
    ],
  ])("%s", async (_, sources, message) => {
    await expect(compute(sources())).rejects.toMatchObject({
      name: "NotifyError",
      message: expect.stringContaining(message),
    });
  });
});
