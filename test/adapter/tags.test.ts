// Policies on what the real registry has: hundreds of tags, images with dates, names for one image.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parsePolicy } from "../../src/domain/tag-policy.ts";
import { type ImageRegistry, readTags } from "../../src/flow/latest-tags.ts";
import { reportTags, type TagsPorts, type TagsRequest } from "../../src/flow/tags.ts";
import { readEditableValues } from "../../src/helm/values/scalar-edit.ts";
import { createHttp } from "../../src/io/http.ts";
import { openRegistry } from "../../src/registry/registry.ts";
import { pushImage, pushManifest, tagImage } from "../support/registry/push.ts";
import { HTPASSWD, type RealRegistry, startRegistry } from "../support/registry/real-registry.ts";

const storage = mkdtempSync(join(tmpdir(), "tags-storage-"));
const home = mkdtempSync(join(tmpdir(), "tags-home-"));
const http = createHttp({});
let open: RealRegistry;
let locked: RealRegistry;

beforeAll(async () => {
  const path = join(storage, "htpasswd");
  writeFileSync(path, HTPASSWD);
  [open, locked] = await Promise.all([
    startRegistry({ storage, plain: true }),
    startRegistry({
      storage,
      plain: true,
      config: { auth: { htpasswd: { realm: "test", path } } },
    }),
  ]);
  writeFileSync(
    join(home, "config.json"),
    JSON.stringify({ auths: { [locked.host]: { username: "jane", password: "right" } } }),
  );
  const versions = Array.from({ length: 320 }, (_, patch) => `1.4.${patch}`);
  await pushTags("acme/api", {}, ["latest", "main", "1.3.9", "2.0.0", "1.4.320-rc.1", ...versions]);
  await pushTags("acme/dated", { created: at(1) }, ["1.0", "1.0.0"]);
  await pushTags("acme/dated", { created: at(3) }, ["stable", "1.1", "1.1.0", "latest"]);
  await pushTags("acme/dated", { created: at(2) }, ["1.2.0"]);
  await pushTags("acme/dated", { created: "1970-01-01T00:00:00Z" }, ["reproducible"]);
  await pushManifest(open.host, "acme/dated", "index", {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [],
  });
}, 180_000);

afterAll(async () => {
  http.close();
  await Promise.all([open, locked].map((registry) => registry?.stop()));
  for (const folder of [storage, home]) rmSync(folder, { recursive: true, force: true });
});

const at = (day: number) => `2026-01-0${day}T03:04:05Z`;

/** One image under all these tags. */
async function pushTags(name: string, config: object, tags: readonly string[]): Promise<void> {
  const [first, ...more] = tags;
  await pushImage(open.host, name, first, config);
  for (const tag of more) await tagImage(open.host, name, first ?? "", tag);
}

function openClient(
  env: Readonly<Record<string, string>> = { DOCKER_CONFIG: home },
): ImageRegistry {
  return openRegistry({ send: http.send, env, homeDir: home, warn: () => {} });
}

function ports(registry = openClient()): TagsPorts {
  return {
    registry,
    readConfig: readEditableValues,
    readValues: readEditableValues,
    readLedger: () => Promise.reject(new Error("no ledger is asked for")),
    withCheckout: () => Promise.reject(new Error("no repository is asked for")),
    signal: AbortSignal.timeout(25_000),
  };
}

const image = (name: string, of = locked) => `${of.host}/${name}`;

const report = (
  wish: TagsRequest["wish"],
  more: Partial<TagsRequest> = {},
  registry = openClient(),
) => reportTags({ wish, output: "table", isExplained: false, ...more }, ports(registry));

const pick = (name: string, ...words: string[]) =>
  ({ kind: "pick", image: image(name), policy: parsePolicy(words) }) as const;

describe("hundreds of tags behind a password", () => {
  it("are listed all, by their numbers, the last first", async () => {
    const { text, error } = await report({ kind: "list", image: image("acme/api") });
    const tags = text.trimEnd().split("\n");
    expect(error).toBeUndefined();
    expect(tags).toHaveLength(325);
    expect(tags.slice(0, 4)).toEqual(["main", "latest", "2.0.0", "1.4.320-rc.1"]);
    expect(tags.slice(-3)).toEqual(["1.4.1", "1.4.0", "1.3.9"]);
  });

  it("are listed for programs", async () => {
    const { text } = await report({ kind: "list", image: image("acme/api") }, { output: "json" });
    expect(JSON.parse(text)).toMatchObject({ v: 1, image: image("acme/api") });
    expect(JSON.parse(text).tags).toHaveLength(325);
  });

  it("give the one a policy takes, and nothing else", async () => {
    expect(await report(pick("acme/api", "semver:~1.4"))).toEqual({
      text: "1.4.319\n",
      warnings: [],
      error: undefined,
    });
  });

  it("are explained by reason, a few names each", async () => {
    const { text } = await report(pick("acme/api", "semver:~1.4"), { isExplained: true });
    expect(text.split("\n")).toEqual([
      `${image("acme/api")}, semver ~1.4: 1.4.319 of 325 tags`,
      "WHY                                      COUNT  TAGS",
      "comes last                               1      1.4.319",
      "before 1.4.319                           319    1.4.318, 1.4.317, 1.4.316, 1.4.315, 1.4.314, 1.4.313, …",
      "not in ~1.4                              2      2.0.0, 1.3.9",
      "a pre-release, which ~1.4 does not name  1      1.4.320-rc.1",
      "no semantic version                      1      main",
      "moves from image to image                1      latest",
      "",
    ]);
  });

  it("are explained each for programs", async () => {
    const { text } = await report(pick("acme/api", "semver:~1.4"), { output: "json" });
    const { chosen } = JSON.parse(text);
    expect(chosen).toMatchObject([
      { service: null, current: null, choice: "newer", tag: "1.4.319", policy: { semver: "~1.4" } },
    ]);
    expect(chosen[0].tags).toHaveLength(325);
    expect(chosen[0].tags[0]).toEqual({ tag: "1.4.319", verdict: "taken", why: "comes last" });
  });

  it("warn of an order that misleads", async () => {
    const { text, warnings } = await report(pick("acme/api", "glob:1.4.*", "alphabetical"));
    expect(text).toBe("1.4.99\n");
    expect(warnings).toEqual([
      expect.stringContaining(
        `${image("acme/api")}: alphabetically 1.4.320-rc.1 comes before 1.4.99`,
      ),
    ]);
  });

  it("are too many to ask the age of each", async () => {
    await expect(report(pick("acme/api", "newest"))).rejects.toMatchObject({
      code: "TOO_MANY_TAGS",
      message: expect.stringContaining("324 tags"),
    });
  });

  it("of which none fits are told with the nearest", async () => {
    const { text, error } = await report(pick("acme/api", "semver:~1.5"));
    expect(text).toBe("");
    expect(error).toMatchObject({
      code: "NO_TAG",
      message: `${image("acme/api")} has no tag for semver ~1.5: of 325, 1.4.320-rc.1 comes nearest (not in ~1.5)`,
    });
  });
});

describe("the newest", () => {
  it("is the image that was built last, by its most exact name", async () => {
    expect(await report(pick("acme/dated", "newest"))).toMatchObject({ text: "1.1.0\n" });
  });

  it("is explained, with those that do not say their age", async () => {
    const { text } = await report(pick("acme/dated", "newest"), { isExplained: true });
    expect(text).toMatch(/level with 1\.1\.0 +2 +1\.1, stable/);
    expect(text).toMatch(/before 1\.1\.0 +3 +1\.2\.0, 1\.0\.0, 1\.0/);
    expect(text).toMatch(/its image does not say when it was built +2 +reproducible, index/);
  });

  it("asks only about tags that match", async () => {
    const asked: string[] = [];
    const registry = openClient();
    const counted: ImageRegistry = {
      ...registry,
      readConfiguration: (name, tag, signal) => {
        asked.push(tag);
        return registry.readConfiguration(name, tag, signal);
      },
    };
    const { text } = await report(pick("acme/dated", "glob:1.?.0"), {}, counted);
    expect(text).toBe("1.1.0\n");
    expect(asked.toSorted()).toEqual(["1.0.0", "1.1.0", "1.2.0"]);
  });

  it("passes over a tag that went meanwhile", async () => {
    const registry = openClient();
    const listTags: ImageRegistry["listTags"] = async (...words) => [
      ...(await registry.listTags(...words)),
      "9.9.9",
    ];
    const { text } = await report(pick("acme/dated", "newest"), {}, { ...registry, listTags });
    expect(text).toBe("1.1.0\n");
  });

  it("is not guessed where the registry stops answering", async () => {
    const readConfiguration = () =>
      openClient({}).readConfiguration(image("acme/dated"), "1.0", never);
    await expect(
      report(pick("acme/dated", "newest"), {}, { ...openClient(), readConfiguration }),
    ).rejects.toMatchObject({ code: "REGISTRY_UNAUTHORIZED" });
  });

  it("stays where it is as old as the current one", async () => {
    const choose = await readTags(image("acme/dated"), { newest: true }, ports());
    expect(choose({ current: "stable" })).toMatchObject({ kind: "current", tag: "stable" });
    expect(choose({ current: "1.0" })).toMatchObject({ kind: "newer", tag: "1.1.0" });
    expect(choose({ current: "1.0", held: ["stable"] })).toMatchObject({ kind: "current" });
  });
});

const never = new AbortController().signal;

describe("an image", () => {
  it("that the registry does not have is told", async () => {
    await expect(report(pick("acme/nothing", "newest"))).rejects.toMatchObject({
      code: "REGISTRY_NOT_FOUND",
      message: `${locked.host} has no acme/nothing`,
    });
  });

  it("that needs a password is told", async () => {
    await expect(report(pick("acme/api", "newest"), {}, openClient({}))).rejects.toMatchObject({
      code: "REGISTRY_UNAUTHORIZED",
      hint: expect.stringContaining("docker login"),
    });
  });

  it("of a registry that is not there is told", async () => {
    const wish = { kind: "list", image: "127.0.0.1:1/acme/api" } as const;
    await expect(report(wish)).rejects.toMatchObject({ code: "REGISTRY_UNREACHABLE" });
  });
});
