import { describe, expect, it } from "vitest";
import type { ReleaseRecord, ServiceRecord } from "../../src/domain/record.ts";
import { enrichRecord } from "../../src/flow/enriched-record.ts";
import type { ReadImageLabels } from "../../src/flow/ports.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const SOURCE = "https://github.com/acme/api";
const DIGEST = `sha256:${"0a".repeat(32)}`;

function record(services: Readonly<Record<string, ServiceRecord>>): ReleaseRecord {
  return { v: 1, environment: "test", chart: { name: "shop", version: "1.0.0" }, services };
}

function labels(revision?: string, source?: string): Readonly<Record<string, string>> {
  return {
    ...(revision === undefined ? {} : { "org.opencontainers.image.revision": revision }),
    ...(source === undefined ? {} : { "org.opencontainers.image.source": source }),
  };
}

const never = new AbortController().signal;
const refuse: ReadImageLabels = () => Promise.reject(new Error("asked"));
const api: ServiceRecord = { image: "acme/api", tag: "1" };

describe("a service", () => {
  it.each<[string, ServiceRecord, ReturnType<typeof labels> | undefined, ServiceRecord]>([
    [
      "without revision and source takes both from its image",
      api,
      labels(COMMIT, SOURCE),
      { ...api, revision: COMMIT, source: SOURCE },
    ],
    [
      "keeps the revision of its values",
      { ...api, revision: "v1" },
      labels(COMMIT, SOURCE),
      { ...api, revision: "v1", source: SOURCE },
    ],
    [
      "keeps the source of its values",
      { ...api, source: "elsewhere" },
      labels(COMMIT, SOURCE),
      { ...api, revision: COMMIT, source: "elsewhere" },
    ],
    [
      "with empty values takes those of its image",
      { ...api, revision: "", source: "" },
      labels(COMMIT, SOURCE),
      { ...api, revision: COMMIT, source: SOURCE },
    ],
    ["whose image has other labels stays", api, { maintainer: "x" }, api],
    ["whose image cannot be read stays", api, undefined, api],
  ])("%s", async (_, service, found, expected) => {
    const enriched = await enrichRecord(record({ api: service }), async () => found, never);
    expect(enriched).toEqual(record({ api: expected }));
  });

  it.each<[string, ServiceRecord]>([
    ["without an image", { tag: "1" }],
    ["with neither tag nor digest", { image: "acme/api", tag: "" }],
    ["that says both itself", { ...api, revision: COMMIT, source: SOURCE }],
  ])("%s is not asked for", async (_, service) => {
    expect(await enrichRecord(record({ api: service }), refuse, never)).toEqual(
      record({ api: service }),
    );
  });
});

describe("a label", () => {
  it.each([
    [COMMIT, true],
    ["0123abc", true],
    ["a".repeat(64), true],
    ["1.4.0", false],
    ["main", false],
    ["0123ab", false],
    [`${COMMIT}-dirty`, false],
  ])("of revision %j counts: %s", async (revision, counts) => {
    const enriched = await enrichRecord(record({ api }), async () => labels(revision), never);
    expect(enriched.services["api"]).toEqual(counts ? { ...api, revision } : api);
  });

  it.each([
    [SOURCE, true],
    ["http://git.test:3000/acme/api", true],
    ["git+https://git.test/acme/api", true],
    ["ssh://git@git.test:22/acme/api.git", true],
    ["git://git.test/acme/api", true],
    ["git@git.test:acme/api.git", true],
    ["https://token@git.test/acme/api", false],
    ["https://me:secret@git.test/acme/api", false],
    ["ssh://me:secret@git.test/acme/api", false],
    ["javascript:alert(1)", false],
    ["file:///srv/git/api", false],
    ["acme/api", false],
    ["git@git.test:acme api", false],
  ])("of source %j counts: %s", async (source, counts) => {
    const enriched = await enrichRecord(
      record({ api }),
      async () => labels(undefined, source),
      never,
    );
    expect(enriched.services["api"]).toEqual(counts ? { ...api, source } : api);
  });
});

describe("images", () => {
  it("are asked for once, by repository, tag and digest", async () => {
    const asked: unknown[] = [];
    const read: ReadImageLabels = async (image) => {
      asked.push(image);
      return labels(COMMIT);
    };
    const services = { a: api, b: api, c: { ...api, tag: "2" }, d: { ...api, digest: DIGEST } };

    const enriched = await enrichRecord(record(services), read, never);

    expect(asked).toEqual([
      { repository: "acme/api", tag: "1" },
      { repository: "acme/api", tag: "2" },
      { repository: "acme/api", tag: "1", digest: DIGEST },
    ]);
    expect(Object.values(enriched.services).map(({ revision }) => revision)).toEqual(
      Array.from({ length: 4 }, () => COMMIT),
    );
  });

  it("are read eight at a time", async () => {
    let running = 0;
    let most = 0;
    const read: ReadImageLabels = async ({ tag }) => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      return labels(`${tag}abcdef0`);
    };
    const services = Object.fromEntries(
      Array.from({ length: 20 }, (_, index) => [`s${index}`, { ...api, tag: String(index) }]),
    );

    const enriched = await enrichRecord(record(services), read, never);

    expect(most).toBe(8);
    expect(enriched.services["s19"]?.revision).toBe("19abcdef0");
  });

  it("that are not read in time cost only their own links", async () => {
    const stop = new AbortController();
    const read: ReadImageLabels = async ({ tag }) => {
      if (tag === "1") return labels(COMMIT);
      stop.abort();
      return new Promise(() => {});
    };

    const enriched = await enrichRecord(
      record({ api, slow: { ...api, tag: "2" } }),
      read,
      stop.signal,
    );

    expect(enriched.services).toEqual({
      api: { ...api, revision: COMMIT },
      slow: { ...api, tag: "2" },
    });
  });

  it("are not asked for when there is no time", async () => {
    let asked = 0;
    const read: ReadImageLabels = async () => {
      asked++;
      return undefined;
    };
    const enriched = await enrichRecord(record({ api }), read, AbortSignal.abort());
    expect(enriched).toEqual(record({ api }));
    expect(asked).toBe(0);
  });
});
