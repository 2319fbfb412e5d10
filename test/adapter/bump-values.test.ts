// One value of a values file is changed, and not a byte besides: on 50 ugly files, checked by the real Helm.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import { NotifyError } from "../../src/domain/errors.ts";
import { parsePath, valueAt } from "../../src/domain/values.ts";
import { askHelmForValues } from "../../src/helm/values/helm-values.ts";
import { readEditableValues, setScalar, setScalars } from "../../src/helm/values/scalar-edit.ts";
import { helmOutput } from "../support/helm-output.ts";

const CORPUS = join(import.meta.dirname, "../fixtures/values");
const folder = mkdtempSync(join(tmpdir(), "bump-values-"));
afterAll(() => rmSync(folder, { recursive: true }));

const corpus = readdirSync(CORPUS)
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => name.replace(/\.yaml$/, ""));
const read = (name: string) => readFileSync(join(CORPUS, `${name}.yaml`)).toString();

function edit(text: string, path: string, value: string, mayCreate = false): string {
  return setScalar(text, { path: parsePath(path), value }, { file: "values.yaml", mayCreate });
}

/** `old` is a part of the file that stands there once: all that may change. */
type Row = readonly [file: string, path: string, value: string, old: string, expected: string];

const REPLACED: readonly Row[] = [
  ["plain", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["plain", "api.image.revision", "9f8e7d6", "0a1b2c3", "9f8e7d6"],
  ["plain", "api.image.revision", "12e4567", "0a1b2c3", '"12e4567"'],
  ["plain", "api.image.tag", "1.10", "1.3.2", '"1.10"'],
  ["plain", "api.image.tag", "1e3", "1.3.2", '"1e3"'],
  ["plain", "api.image.tag", "0777", "1.3.2", '"0777"'],
  ["plain", "api.image.tag", "0o17", "1.3.2", '"0o17"'],
  ["plain", "api.image.tag", "0x1f", "1.3.2", '"0x1f"'],
  ["plain", "api.image.tag", "1_000", "1.3.2", '"1_000"'],
  ["plain", "api.image.tag", "on", "1.3.2", '"on"'],
  ["plain", "api.image.tag", "y", "1.3.2", '"y"'],
  ["plain", "api.image.tag", "null", "1.3.2", '"null"'],
  ["plain", "api.image.tag", "2024-01-01", "1.3.2", '"2024-01-01"'],
  ["plain", "api.image.tag", "2024-01-01T10", "1.3.2", '"2024-01-01T10"'],
  ["plain", "api.image.tag", "2024-01-01-9f8e7d6", "1.3.2", "2024-01-01-9f8e7d6"],
  ["plain", "api.image.tag", "", "1.3.2", '""'],
  ["comments-everywhere", "api.image.tag", "1.4.0", "tag: 1.3.2", "tag: 1.4.0"],
  ["double-quoted", "api.image.tag", "1.11", '"1.10"', '"1.11"'],
  ["single-quoted", "api.image.tag", "1.4.0", "'1.3.2'", "'1.4.0'"],
  ["single-quoted", "web.image.tag", "it's", "it''s-not-a-tag", "it''s"],
  ["no-newline-at-the-end", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["blank-lines-and-trailing-spaces", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["crlf", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["crlf-no-newline-at-the-end", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["mixed-line-ends", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["byte-order-mark", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["byte-order-mark-and-crlf", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["document-start-and-end", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["document-start-with-comment", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["four-spaces", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["uneven-indentation", "web.image.tag", "2.0.1", "2.0.0", "2.0.1"],
  ["flow-maps", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["flow-maps", "web.image.tag", "2.0.1", '"2.0.0"', '"2.0.1"'],
  ["flow-map-over-lines", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["json", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["json", "api.image.digest", "sha256:ab", "null", '"sha256:ab"'],
  ["json-with-tabs", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["json-number", "api.image.tag", "1.4.0", "1.1", '"1.4.0"'],
  ["empty-value", "api.image.tag", "1.4.0", "tag:", "tag: 1.4.0"],
  ["empty-value-with-comment", "api.image.tag", "1.4.0", "tag:", "tag: 1.4.0"],
  ["empty-value-at-the-end", "api.image.tag", "1.4.0", "tag:", "tag: 1.4.0"],
  ["empty-string", "api.image.tag", "1.4.0", '""', '"1.4.0"'],
  ["empty-string", "api.image.digest", "sha256:ab", "''", "'sha256:ab'"],
  ["nulls", "api.image.tag", "1.4.0", "tag: ~", "tag: 1.4.0"],
  ["nulls", "web.image.tag", "2.0.0", "tag: null", "tag: 2.0.0"],
  ["unquoted-float", "api.image.tag", "1.11", "1.10", '"1.11"'],
  ["unquoted-float", "api.image.tag", "1.4.0", "1.10", "1.4.0"],
  ["unquoted-integer", "api.image.tag", "20240201", "20240131", '"20240201"'],
  ["octal-and-friends", "api.image.tag", "0755", "0777", '"0755"'],
  ["octal-and-friends", "web.image.tag", "v2", "0x1F", "v2"],
  ["octal-and-friends", "worker.image.tag", "1_001", "1_000", '"1_001"'],
  ["octal-and-friends", "cron.image.tag", "off", "tag: on", 'tag: "off"'],
  ["octal-and-friends", "gate.image.tag", "2024-02-01", "2024-01-31", '"2024-02-01"'],
  ["octal-and-friends", "clock.image.tag", "12:30:46", "12:30:45", '"12:30:46"'],
  ["revision-like-a-float", "api.image.revision", "9f8e7d6", "12e4567", "9f8e7d6"],
  ["revision-like-a-float", "web.image.revision", "1234567", "abcdef0", '"1234567"'],
  ["tags-of-yaml", "api.image.tag", "1.4.0", "1.10", "1.4.0"],
  ["tags-of-yaml", "web.image.tag", "2.1", '"2.0"', '"2.1"'],
  ["tags-of-yaml", "worker.image.tag", "v1", "tag: !!str\n", "tag: !!str v1\n"],
  ["anchor-on-the-value", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["anchor-on-the-value", "web.image.tag", "2.0.1", "2.0.0", "2.0.1"],
  ["anchors-and-aliases", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["anchors-and-aliases", "web.image.tag", "2.0.1", "2.0.0", "2.0.1"],
  ["overridden-merge", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["block-scalars-around", "api.image.tag", "1.4.0", "1.3.2-real", "1.4.0"],
  ["block-scalars-around", "web.image.tag", "2.0.1", "2.0.0", "2.0.1"],
  ["long-lines", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["multi-line-quoted", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["multi-line-quoted", "api.note", "short", '"a text\n    over lines\n\n    and on"', '"short"'],
  ["multi-line-quoted", "api.plain", "short", "some words\n    that go on", "short"],
  ["quoted-keys", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["quoted-keys", "api.image.pull\\.policy", "y", " x\n", ' "y"\n'],
  ["dotted-keys", "acme\\.com/api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["dotted-keys", "a\\.b.tag", "7.0.1", "7.0.0", "7.0.1"],
  ["odd-keys", "true.image.tag", "a2", "a1", "a2"],
  ["odd-keys", "1.image.tag", "b3", "b2", "b3"],
  ["odd-keys", "2.image.tag", "c4", "c3", "c4"],
  ["odd-keys", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["lists", "workers[0].image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["lists", "workers[1].image.tag", "4.0.1", "4.0.0", "4.0.1"],
  ["lists", "workers[2][1].tag", "5.5.6", "5.5.5", "5.5.6"],
  ["indented-lists", "workers[0].image.tag", "1.4.0", "tag: 1.3.2 ", "tag: 1.4.0 "],
  ["indented-lists", "workers[1].image.tag", "1.4.0", "tag: 1.3.2}", "tag: 1.4.0}"],
  ["indented-lists", "images[1]", "acme/b:2.1", "acme/b:2.0.0", "acme/b:2.1"],
  ["indented-lists", "images[2]", "acme/c:3.1", "acme/c:3.0.0", "acme/c:3.1"],
  ["whole-references", "web.image", "acme/web:2.0.1", "acme/web:2.0.0", "acme/web:2.0.1"],
  ["unicode", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["unicode", "日本", "国", "語", '"国"'],
  ["duplicate-elsewhere", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["templated-strings", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["escapes-in-quotes", "api.image.tag", "1.4.0", "1.3\\u002e2", "1.4.0"],
  ["comment-only-lines-at-column-zero", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["sops", "api.image.tag", "1.4.0", "tag: 1.3.2", "tag: 1.4.0"],
  ["bitnami-style", "image.tag", "1.25.4", "1.25.3-debian-11-r1", "1.25.4"],
  ["deeply-nested", "a.b.c.d.e.f.g.h.i.j[0].k.tag", "1.4.0", "1.3.2", "1.4.0"],
  ["compact-flow-without-spaces", "web.image.tag", "2.0.1", "2.0.0", "2.0.1"],
  ["tabs-behind-values", "api.image.tag", "1.4.0", "1.3.2", "1.4.0"],
];

describe("a value is replaced, and nothing else", () => {
  it.each(REPLACED)("%s: %s becomes %j", (name, path, value, old, expected) => {
    const text = read(name);
    expect(text.split(old), "the row names one place").toHaveLength(2);
    expect(edit(text, path, value)).toBe(text.replace(old, () => expected));
  });

  it("one of many equal values is found by its path", () => {
    const lines = read("same-tag-many-times").split("\n");
    const edited = edit(lines.join("\n"), "api.image.tag", "1.4.0").split("\n");
    expect(edited[9]).toBe("    tag: 1.4.0");
    expect(edited.toSpliced(9, 1)).toEqual(lines.toSpliced(9, 1));
  });

  it("every file of the corpus is edited by a row", () => {
    const named = new Set([...REPLACED.map(([name]) => name), "same-tag-many-times"]);
    expect(corpus.filter((name) => !named.has(name))).toEqual([]);
    expect(corpus.length).toBeGreaterThanOrEqual(40);
  });
});

describe("several values at once are changed as one after the other", () => {
  const byFile = Map.groupBy(REPLACED, ([name]) => name);
  it.each([...byFile.keys()])("%s", (name) => {
    const rows = new Map(byFile.get(name)?.map(([, path, value]) => [path, value]));
    const edits = [...rows].map(([path, value]) => ({ path: parsePath(path), value }));
    const together = setScalars(read(name), edits, { file: "values.yaml", mayCreate: false });
    expect(together).toBe([...rows].reduce((text, row) => edit(text, ...row), read(name)));
  });

  it("and what is not there yet is written behind them", () => {
    const text = "api: {image: {tag: 1}}\nweb: {image: {tag: 1}}\n";
    const edits = ["api.image.revision", "web.image.tag", "api.image.digest"].map((path) => ({
      path: parsePath(path),
      value: "x",
    }));
    expect(setScalars(text, edits, { file: "values.yaml", mayCreate: true })).toBe(
      "api: {image: {tag: 1, revision: x, digest: x}}\nweb: {image: {tag: x}}\n",
    );
  });

  it("or none is, where one cannot be", () => {
    const edits = ["api.image.tag", "web.image"].map((path) => ({
      path: parsePath(path),
      value: "x",
    }));
    const setBoth = () =>
      setScalars("api: {image: {tag: 1}}\nweb: {image: {tag: 1}}\n", edits, {
        file: "values.yaml",
        mayCreate: true,
      });
    expect(setBoth).toThrow("values.yaml:2: web.image is a map, not a single value");
  });
});

describe.concurrent("Helm reads the edited file as it read the old one, but for the value", () => {
  it.each(HELM_MAJORS.flatMap((major) => corpus.map((name) => ({ major, name }))))(
    "$name, Helm $major",
    async ({ major, name }) => {
      const row = REPLACED.find(([file]) => file === name);
      const [, path = "api.image.tag", value = "1.4.0"] = row ?? [];
      const ask = async (text: string, kind: string) => {
        const file = join(folder, `${name}-${major}-${kind}.yaml`);
        writeFileSync(file, text);
        const answer = await askHelmForValues(["-f", file], helmOutput(major));
        return answer.kind === "values" ? answer.values : answer;
      };
      const text = read(name);
      const [before, after] = await Promise.all([
        ask(text, "before"),
        ask(edit(text, path, value), "after"),
      ]);
      expect(after).toEqual(readEditableValues(edit(text, path, value), name));
      expect(before).toEqual(readEditableValues(text, name));
      expect(valueAt(after as never, parsePath(path))).toBe(value);
    },
  );
});

describe("a path that is not there is written where it belongs", () => {
  it.each([
    ["beside its siblings", "plain", "api.image.digest", "    revision: 0a1b2c3\n"],
    [
      "behind a comment on the last line",
      "comments-everywhere",
      "api.image.digest",
      "image-automation",
    ],
  ])("%s", (_, name, path) => {
    expect(edit(read(name), path, "x1", true)).toContain("\n    digest: x1\n");
  });

  it.each([
    ["a sibling", "a:\n  b: 1\n# end\n", "a.c", "a:\n  b: 1\n  c: v1\n# end\n"],
    [
      "a sibling, before comments",
      "a:\n  b: 1\n  # d: 1\n\ne: 2\n",
      "a.c",
      "a:\n  b: 1\n  c: v1\n  # d: 1\n\ne: 2\n",
    ],
    [
      "a sibling behind a nested map",
      "a:\n  b:\n    c: 1\nz: 1\n",
      "a.d",
      "a:\n  b:\n    c: 1\n  d: v1\nz: 1\n",
    ],
    [
      "a sibling behind a list",
      "a:\n  b:\n  - c: 1\n    d: [1]\nz: 1\n",
      "a.e",
      "a:\n  b:\n  - c: 1\n    d: [1]\n  e: v1\nz: 1\n",
    ],
    [
      "a sibling behind a list of lists",
      "a:\n  b:\n  - - 1\n    - 2 # x\nz: 1\n",
      "a.e",
      "a:\n  b:\n  - - 1\n    - 2 # x\n  e: v1\nz: 1\n",
    ],
    [
      "a sibling behind a block of text",
      "a:\n  b: |\n    x\n\nz: 1\n",
      "a.c",
      "a:\n  b: |\n    x\n  c: v1\n\nz: 1\n",
    ],
    [
      "a sibling behind an empty value",
      "a:\n  b: # none\nz: 1\n",
      "a.c",
      "a:\n  b: # none\n  c: v1\nz: 1\n",
    ],
    [
      "a sibling behind an alias",
      "x: &x 1\na:\n  b: *x\n",
      "a.c",
      "x: &x 1\na:\n  b: *x\n  c: v1\n",
    ],
    [
      "with the indentation of the file",
      "a:\n    b: 1\n",
      "c.d.e",
      "a:\n    b: 1\nc:\n    d:\n        e: v1\n",
    ],
    ["without a line break at the end", "a:\n  b: 1", "a.c", "a:\n  b: 1\n  c: v1"],
    [
      "with the line ends of the file",
      "a:\r\n  b: 1\r\nz: 1\r\n",
      "a.c",
      "a:\r\n  b: 1\r\n  c: v1\r\nz: 1\r\n",
    ],
    ["behind a byte order mark", "\ufeffa: 1\n", "b", "\ufeffa: 1\nb: v1\n"],
    ["in an empty file", "", "a.b", "a:\n  b: v1\n"],
    ["below comments alone", "# staging\n", "a.b", "# staging\na:\n  b: v1\n"],
    ["below comments without a line break", "# staging", "a.b", "# staging\na:\n  b: v1"],
    ["in a map on one line", "a: {b: 1}\n", "a.c", "a: {b: 1, c: v1}\n"],
    ["in a map on one line, with a comma behind", "a: {b: 1,}\n", "a.c", "a: {b: 1, c: v1,}\n"],
    ["in an empty map", "a: {}\n", "a.b.c", "a: {b: {c: v1}}\n"],
    ["in a map that is null", "a: ~ # none\n", "a.b", "a: {b: v1} # none\n"],
    ["in a map that is empty", "a: # none\nz: 1\n", "a.b.c", "a: {b: {c: v1}} # none\nz: 1\n"],
    ["in JSON", '{"a": {"b": "c"}}', "a.d.e", '{"a": {"b": "c", "d": {"e": "v1"}}}'],
    ["in JSON, for a null", '{"a": null}', "a.d", '{"a": {"d": "v1"}}'],
    [
      "in an item of a list",
      "a:\n- b: 1\n  c: {}\n- d: 1\n",
      "a[0].e.f",
      "a:\n- b: 1\n  c: {}\n  e:\n    f: v1\n- d: 1\n",
    ],
    [
      "with quotes around a key that needs them",
      "a:\n  b: 1\n",
      "a.on",
      'a:\n  b: 1\n  "on": v1\n',
    ],
    ["with dots in its key", "a:\n  b: 1\n", "a.c\\.d", "a:\n  b: 1\n  c.d: v1\n"],
  ])("%s", (_, text, path, expected) => {
    expect(edit(text, path, "v1", true)).toBe(expected);
    expect(valueAt(readEditableValues(expected, "values.yaml"), parsePath(path))).toBe("v1");
  });
});

const ENCRYPTED = "ENC[AES256_GCM,data:p673w==,iv:YY=,aad:UQ=,tag:1.3.2A==,type:str]";
const encryptedBySops = (tag: string, more = "") =>
  `api: {image: {tag: "${tag}"}}\nsops: {mac: "ENC[x]"${more}}\n`;
const setOne = (text: string, path = "api.image.tag") =>
  setScalars(text, [{ path: parsePath(path), value: "x" }], {
    file: "values.yaml",
    mayCreate: true,
  });

describe("a file that SOPS encrypts is refused, since it could not be decrypted any more", () => {
  it.each([
    [
      "whose checksum covers all values",
      encryptedBySops("1.3.2"),
      "SOPS keeps a checksum of all its values",
    ],
    [
      "for a new value too",
      encryptedBySops("1.3.2"),
      "SOPS keeps a checksum of all its values",
      "api.new",
    ],
    [
      "whose tag is encrypted",
      encryptedBySops(ENCRYPTED, ", mac_only_encrypted: true"),
      "api.image.tag is encrypted by SOPS",
    ],
  ])("%s", (_, text, message, path?: string) => {
    expect(() => setOne(text, path)).toThrow(
      expect.objectContaining({
        message: `values.yaml: ${message}`,
        hint: "Keep tags in a file that SOPS does not encrypt, or set mac_only_encrypted in .sops.yaml.",
      }),
    );
  });

  it("but not where the checksum covers what is encrypted only", () => {
    expect(setOne(encryptedBySops("1.3.2", ", mac_only_encrypted: true"))).toContain('tag: "x"');
  });

  it("but not where a chart has settings of that name", () => {
    expect(setOne('api: {image: {tag: "1"}}\nsops: {image: {tag: "1"}}\n')).toContain('tag: "x"');
  });
});

describe("what cannot be changed alone is refused, with the place and what to do", () => {
  it.each([
    ["a path that is not there", "a: 1\n", "b.c", "values.yaml: nothing stands at b.c", "--create"],
    [
      "a map",
      "a:\n  b: {c: 1}\n",
      "a.b",
      "values.yaml:2: a.b is a map, not a single value",
      "path",
    ],
    ["a list", "a:\n  b: [1]\n", "a.b", "values.yaml:2: a.b is a list, not a single value", "path"],
    [
      "a path through a value",
      "a: x\n",
      "a.b",
      "values.yaml:1: a is a single value, not a map",
      "path",
    ],
    [
      "a path into a list by name",
      "a: [1]\n",
      "a.b",
      "values.yaml:1: a is a list, not a map",
      "path",
    ],
    ["an index into a map", "a: {b: 1}\n", "a[0]", "values.yaml:1: a is a map, not a list", "path"],
    ["an item that is not there", "a: [1]\n", "a[1]", "values.yaml: a has no item 1", "by hand"],
    [
      "a list that is not there",
      "a: 1\n",
      "b[0].c",
      "values.yaml: nothing stands at b[0].c",
      "--create",
    ],
    ["a block of text", "a: |\n  x\n", "a", "values.yaml:1: a is a block of text", "on the line"],
    [
      "an alias",
      "x: &x 1\na: *x\n",
      "a",
      "values.yaml:2: a comes by the alias *x: an edit would change other places too",
      "without the alias",
    ],
    [
      "a map that is an alias",
      "x: &x {t: a}\na: *x\n",
      "a.t",
      "values.yaml:2: a comes by the alias *x: an edit would change other places too",
      "Write a.t out",
    ],
    [
      "a merge key",
      "x: &x {t: a}\na:\n  <<: *x\n",
      "a.t",
      "values.yaml:3: a.t comes by <<: an edit would change other places too",
      "Write a.t out",
    ],
    [
      "an anchor that others use",
      "a: &x {t: a}\nb: *x\n",
      "a.t",
      "values.yaml: a.t cannot be changed alone: b.t would change too",
      "without anchor",
    ],
    [
      "a key that a << behind it decides",
      "x: &x {t: a}\na:\n  t: b\n  <<: *x\n",
      "a.t",
      "values.yaml: a.t is decided elsewhere: a << or a tag of its own stands in the way",
      "behind any <<",
    ],
    [
      "a number by its own tag",
      "a: !!int 5\n",
      "a",
      "values.yaml: a is decided elsewhere: a << or a tag of its own stands in the way",
      "plain text",
    ],
    [
      "a key that stands twice",
      "a:\n  t: x\nb: 1\na:\n  t: y\n",
      "a.t",
      "values.yaml:1: a stands on lines 1 and 4",
      "all but one",
    ],
    [
      "several documents",
      "a: 1\n---\na: 2\n",
      "a",
      "values.yaml holds several YAML documents: Helm 3 reads the first of them, Helm 4 all",
      "file of its own",
    ],
    [
      "a list as the whole file",
      "- a\n",
      "a",
      "values.yaml holds a list, not a map of values",
      "Name a values file",
    ],
    ["what is no YAML", "a: [\nb: 1\n", "b", "values.yaml:", "Correct"],
    ["a template", "a: {{ .Values.x }}\nb: 1\n", "b", "values.yaml:1:", "Correct"],
  ])("%s", (_, text, path, message, hint) => {
    const refusal = refusalOf(() => edit(text, path, "6"));
    expect(refusal).toMatchObject({
      code: "VALUES_NOT_EDITABLE",
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    });
  });

  it.each([
    ["a list that is not there", "a: 1\n", "b[0].c"],
    ["an item behind the last", "a: [1]\n", "a[1].c"],
    ["a value that came by a merge key", "x: &x {t: a}\na:\n  <<: *x\n", "a.t"],
  ])("%s, also where paths may be written", (_, text, path) => {
    expect(refusalOf(() => edit(text, path, "6", true)).code).toBe("VALUES_NOT_EDITABLE");
  });
});

function refusalOf(action: () => unknown): NotifyError {
  try {
    action();
  } catch (error) {
    if (error instanceof NotifyError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
