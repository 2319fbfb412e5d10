import { describe, expect, it } from "vitest";
import {
  checkBumps,
  compareTags,
  parseServiceBump,
  planBump,
  type ServiceBump,
} from "../../src/domain/bump.ts";
import { toCommitMessage, toCommitView } from "../../src/domain/commit-message.ts";
import { parseDeploymentConfig } from "../../src/domain/deployment-config.ts";
import { formatPath, type Value, type Values } from "../../src/domain/values.ts";
import { toGitFailure } from "../../src/git/failure.ts";

const DIGEST = `sha256:${"ab".repeat(32)}`;
const THREAD = "C0123456789/1763719200.000100";
const OTHER_DIGEST = `sha256:${"cd".repeat(32)}`;

describe("a word says service, tag, revision and digest", () => {
  it.each([
    ["api=1.4.0", { service: "api", tag: "1.4.0" }],
    ["api=1.4.0@9f8e7d6", { service: "api", tag: "1.4.0", revision: "9f8e7d6" }],
    [`api=1.4.0@${DIGEST}`, { service: "api", tag: "1.4.0", digest: DIGEST }],
    [`api=1@9f8e7d6@${DIGEST}`, { service: "api", tag: "1", revision: "9f8e7d6", digest: DIGEST }],
    [`api=1@${DIGEST}@9f8e7d6`, { service: "api", tag: "1", revision: "9f8e7d6", digest: DIGEST }],
    ["api=", { service: "api", tag: "" }],
  ])("%s", (word, expected) => expect(parseServiceBump(word)).toEqual(expected));

  it.each(["api", "=1.4.0", "", "api=1@9f8e7d6@0a1b2c3", `api=1@${DIGEST}@${DIGEST}`])(
    "%j is refused",
    (word) => expect(() => parseServiceBump(word)).toThrow(/does not say|more than one/),
  );
});

describe("what no registry or Git knows is refused", () => {
  it.each<[string, Partial<ServiceBump>]>([
    ["an empty tag", { tag: "" }],
    ["a tag with a space", { tag: "1 4" }],
    ["a tag that is a reference", { tag: "acme/api:1.4.0" }],
    ["a tag that is too long", { tag: "a".repeat(129) }],
    ["a revision that is a branch", { revision: "main" }],
    ["a revision that is too short", { revision: "9f8e7d" }],
    ["an empty revision", { revision: "" }],
    ["a digest without its algorithm", { digest: "ab".repeat(32) }],
    ["a digest that is too short", { digest: "sha256:ab" }],
    ["a thread that is none", { thread: "nonsense" }],
    ["a thread of a channel's name", { thread: "#deploys/1763719200.000100" }],
    ["a ref of two lines", { sourceRef: "main\nImage-Tag: api=9" }],
  ])("%s", (_, part) =>
    expect(() => checkBumps([{ service: "api", tag: "1.4.0", ...part }])).toThrow(
      /^api: ".*" is not /s,
    ),
  );
});

describe("an older tag is known by its version", () => {
  it.each([
    ["1.3.2", "1.4.0", "newer"],
    ["1.10.0", "1.9.0", "older"],
    ["v1.4.0", "1.3.9", "older"],
    ["1.4.0", "v1.4.0", "same"],
    ["main", "main", "same"],
    ["1.4.0-rc.2", "1.4.0-rc.10", "newer"],
    ["1.4.0-rc.1", "1.4.0-beta.9", "older"],
    ["1.4.0-rc.1", "1.4.0", "newer"],
    ["1.4.0", "1.4.0-rc.1", "older"],
    ["0.0.0-9f8e7d6", "0.0.0-0a1b2c3", "unknown"],
    ["1.0.0-9f8e7d6", "0.9.0-0a1b2c3", "older"],
    ["1.4", "1.3", "older"],
    ["1.9", "1.10", "newer"],
    ["1.4", "1.4.1", "unknown"],
    ["1.2.3.4", "1.2.3.3", "older"],
    ["17", "18", "newer"],
    ["v18", "v9", "older"],
    ["20240131", "20231231", "older"],
    ["20240131093000", "20240131093001", "newer"],
    // These may be commits.
    ["1234567", "1234566", "unknown"],
    ["12345678", "12345677", "unknown"],
    ["build-18", "build-17", "unknown"],
    ["9f8e7d6", "0a1b2c3", "unknown"],
    ["1.4.0", "latest", "unknown"],
  ])("%s → %s is %s", (from, to, expected) => expect(compareTags(from, to)).toBe(expected));
});

describe("what is written belongs to the tag", () => {
  it.each<[string, Values, Partial<ServiceBump>, Record<string, string>]>([
    ["the tag alone", beside({ tag: "1" }), {}, { tag: "2" }],
    ["nothing where it stands already", beside({ tag: "2", revision: "0a1b2c3" }), {}, {}],
    ["nothing for a number that reads the same", beside({ tag: 2 }), {}, {}],
    [
      "a revision for a tag that stands already",
      beside({ tag: "2" }),
      { revision: "9f8e7d6" },
      { revision: "9f8e7d6" },
    ],
    [
      "an old revision is emptied",
      beside({ tag: "1", revision: "0a1b2c3" }),
      {},
      { tag: "2", revision: "" },
    ],
    [
      "an old digest is emptied",
      beside({ tag: "1", digest: DIGEST }),
      {},
      { tag: "2", digest: "" },
    ],
    [
      "an old thread is emptied",
      beside({ tag: "1", thread: THREAD }),
      {},
      { tag: "2", thread: "" },
    ],
    ["an empty digest stays", beside({ tag: "1", digest: "", revision: null }), {}, { tag: "2" }],
    [
      "a new digest",
      beside({ tag: "1", digest: DIGEST }),
      { digest: OTHER_DIGEST },
      { tag: "2", digest: OTHER_DIGEST },
    ],
    [
      "a new digest of the same tag",
      beside({ tag: "2", digest: DIGEST }),
      { digest: OTHER_DIGEST },
      { digest: OTHER_DIGEST },
    ],
    [
      "a digest behind the tag",
      beside({ tag: `1@${DIGEST}` }),
      { digest: OTHER_DIGEST },
      { tag: `2@${OTHER_DIGEST}` },
    ],
    [
      "a thread, wherever there is none yet",
      beside({ tag: "1" }),
      { thread: THREAD },
      { tag: "2", thread: THREAD },
    ],
    [
      "a thread with a revision for a tag that stands already",
      beside({ tag: "2", thread: "" }),
      { revision: "9f8e7d6", thread: THREAD },
      { revision: "9f8e7d6", thread: THREAD },
    ],
    [
      "no thread where nothing else changes",
      beside({ tag: "2", thread: "C0123456789/1.1" }),
      { thread: THREAD },
      {},
    ],
    ["no old digest behind a new tag", beside({ tag: `1@${DIGEST}` }), {}, { tag: "2" }],
  ])("%s", (_, values, part, expected) => {
    const { edits } = planBump({ service: "api", tag: "2", ...part }, service({}), values);
    expect(toTexts(edits)).toEqual(prefixed("api.image.", expected));
  });

  it("only a thread needs no place to be there", () => {
    const bump = { service: "api", tag: "2", revision: "9f8e7d6", digest: DIGEST, thread: THREAD };
    const { edits } = planBump(bump, service({}), beside({ tag: "1" }));
    expect(edits.map(({ mayCreate = false }) => mayCreate)).toEqual([false, false, false, true]);
  });

  it.each<[string, Value, string | undefined, string | undefined, string | undefined]>([
    ["keeps the name", "acme/api:1", undefined, undefined, "acme/api:2"],
    [
      "keeps a registry with a port",
      "localhost:5000/api:1",
      undefined,
      undefined,
      "localhost:5000/api:2",
    ],
    ["gets its tag", "nginx", undefined, undefined, "nginx:2"],
    ["drops the digest of another tag", `acme/api:1@${DIGEST}`, undefined, undefined, "acme/api:2"],
    ["takes a digest", "acme/api:1", DIGEST, undefined, `acme/api:2@${DIGEST}`],
    ["keeps the digest of the same tag", `acme/api:2@${DIGEST}`, undefined, undefined, undefined],
    ["takes its name from the config where there is none", "", undefined, "acme/api", "acme/api:2"],
  ])("a whole reference %s", (_, present, digest, image, expected) => {
    const config = service({ tag: "api.image", ...(image === undefined ? {} : { image }) });
    const { edits } = planBump({ service: "api", tag: "2", digest }, config, {
      api: { image: present },
    });
    expect(toTexts(edits)).toEqual(expected === undefined ? {} : { "api.image": expected });
  });

  it("a whole reference without a name is refused", () => {
    expect(() =>
      planBump({ service: "api", tag: "2" }, service({ tag: "api.image" }), { api: { image: "" } }),
    ).toThrow("api.image names no image");
  });
});

describe("the commit message", () => {
  it.each([
    ["https://github.com/acme/api", "acme/api"],
    ["https://user:secret@git.example.com/group/sub/api.git", "group/sub/api"],
    ["git@github.com:acme/api.git", "acme/api"],
    ["ssh://git@git.example.com:2222/acme/api.git", "acme/api"],
    [undefined, "api"],
  ])("names %s as %s", (source, repository) =>
    expect(message([{ service: "api", tag: "2", revision: "9f8e7d6" }], source)).toBe(
      `feat(staging): update api to 2\n\n${repository}@9f8e7d6\n\nImage-Tag: api=2\nSource-Revision: api=9f8e7d6\n`,
    ),
  );

  it("has all that is known in its trailers", () => {
    expect(
      message([
        { service: "api", tag: "2", sourceRef: "main" },
        { service: "web", tag: "3", digest: DIGEST },
      ]),
    ).toBe(
      `feat(staging): update api, web\n\napi@main\n\nImage-Tag: api=2\nSource-Ref: api=main\nImage-Tag: web=3\nImage-Digest: web=${DIGEST}\n`,
    );
  });

  it("counts the services where their names are too long for a line", () => {
    const bumps = Array.from({ length: 20 }, (_, index) => ({
      service: `service-${index}`,
      tag: "2",
    }));
    expect(message(bumps).split("\n")[0]).toBe("feat(staging): update 20 services");
  });
});

describe("git's words on a failure", () => {
  it.each([
    [
      "overtaken",
      "!\tHEAD:refs/heads/main\t[rejected] (fetch first)\nerror: failed to push some refs",
    ],
    ["overtaken", "!\tHEAD:refs/heads/main\t[rejected] (non-fast-forward)"],
    [
      "overtaken",
      "!\tHEAD:refs/heads/main\t[remote rejected] (cannot lock ref 'refs/heads/main': is at 1 but expected 2)",
    ],
    ["overtaken", "!\tHEAD:refs/heads/main\t[remote rejected] (failed to update ref)"],
    ["overtaken", "!\tHEAD:refs/heads/main\t[remote rejected] (incorrect old value provided)"],
    ["GIT_PUSH_DECLINED", "!\tHEAD:refs/heads/main\t[remote rejected] (pre-receive hook declined)"],
    [
      "GIT_PUSH_DECLINED",
      "ERROR: Permission to acme/deploy.git denied to deploy key\nfatal: Could not read from remote repository.",
    ],
    // As an SSH server says it to somebody who may write objects, but not this branch.
    [
      "GIT_PUSH_DECLINED",
      "remote: error: cannot lock ref 'refs/heads/main': Unable to create '/srv/x.git/refs/heads/main.lock': Permission denied\n!\tHEAD:refs/heads/main\t[remote rejected] (failed to update ref)",
    ],
    [
      "GIT_PUSH_DECLINED",
      "remote: Permission to acme/deploy.git denied to bot.\nfatal: unable to access 'https://x/': The requested URL returned error: 403",
    ],
    [
      "GIT_PUSH_DECLINED",
      "remote: You are not allowed to upload code.\nfatal: unable to access 'https://x/': The requested URL returned error: 403",
    ],
    [
      "GIT_PUSH_DECLINED",
      "ERROR: The key you are authenticating with has been marked as read only.\nfatal: Could not read from remote repository.",
    ],
    [
      "GIT_HOST_KEY",
      "No ED25519 host key is known for x\nHost key verification failed.\nfatal: Could not read from remote repository.",
    ],
    [
      "GIT_UNAUTHORIZED",
      "git@x: Permission denied (publickey).\nfatal: Could not read from remote repository.",
    ],
    [
      "GIT_UNAUTHORIZED",
      "fatal: could not read Username for 'https://x': terminal prompts disabled",
    ],
    [
      "GIT_UNAUTHORIZED",
      "remote: HTTP Basic: Access denied\nfatal: Authentication failed for 'https://x/'",
    ],
    [
      "GIT_UNAUTHORIZED",
      "fatal: unable to access 'https://x/': The requested URL returned error: 403",
    ],
    [
      "GIT_NOT_FOUND",
      "ERROR: Repository not found.\nfatal: Could not read from remote repository.",
    ],
    ["GIT_NO_BRANCH", "fatal: couldn't find remote ref refs/heads/x"],
    [
      "GIT_UNREACHABLE",
      "kex_exchange_identification: Connection closed by remote host\nfatal: Could not read from remote repository.",
    ],
    ["GIT_UNREACHABLE", "ssh: connect to host x port 22: Connection refused"],
    ["GIT_UNREACHABLE", "fatal: unable to access 'https://x/': Could not resolve host: x"],
    [
      "GIT_UNREACHABLE",
      "fatal: unable to access 'https://x/': The requested URL returned error: 503",
    ],
    ["GIT_FAILED", "fatal: something new"],
  ])("%s: %s", (expected, words) => {
    const failure = toGitFailure("push to main", words);
    expect(failure.kind === "overtaken" ? failure.kind : failure.error.code).toBe(expected);
    expect(failure.kind === "broken").toBe(expected === "GIT_UNREACHABLE");
  });
});

function beside(image: Values): Values {
  return { api: { image } };
}

function message(bumps: readonly ServiceBump[], source?: string): string {
  const config = service(source === undefined ? {} : { source });
  const planned = bumps.map((bump) => planBump(bump, config, {}));
  return toCommitMessage(toCommitView("staging", planned));
}

function service(entry: Values) {
  const config = parseDeploymentConfig(
    { environments: { staging: { values: "staging.yaml" } }, services: { api: entry } },
    "helm-notify.yaml",
  );
  const found = config.services["api"];
  if (found === undefined) throw new Error("no service api");
  return found;
}

function toTexts(edits: ReturnType<typeof planBump>["edits"]): Record<string, string> {
  return Object.fromEntries(edits.map(({ path, value }) => [formatPath(path), value]));
}

function prefixed(prefix: string, texts: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([key, text]) => [`${prefix}${key}`, text]));
}
