// The live release by asking Helm: for storages and credentials that only Helm can read. One start of helm where the last
// revision is the deployed one, else three.
import * as z from "zod/mini";
import { NotifyError } from "../domain/errors.ts";
import { type LookUp, pickLive, type RevisionStatus } from "../domain/release.ts";
import type { HelmOutput, Revisions, RunHelmForOutput } from "../flow/ports.ts";
import { RELEASE_AS_JSON, repairGoEscapes } from "./release-as-json.ts";
import { helmError } from "../helm/values/helm-values.ts";
import { toLiveRelease, toStoredRevision } from "./stored-release.ts";

const history = z.array(z.object({ revision: z.number(), status: z.string() }));
const lastRelease = z.object({ info: z.object({ status: z.string() }) });

export async function lookUpByHelm(
  release: string,
  connectionFlags: readonly string[],
  runHelm: RunHelmForOutput,
): Promise<LookUp> {
  const ask = askFor(connectionFlags, runHelm);
  const last = await ask("get", "all", release, ...AS_JSON);
  if (last === NOT_FOUND) return { kind: "none", newer: undefined };
  const status = lastRelease.safeParse(last).data?.info.status;
  if (status === "deployed") {
    return { kind: "live", release: await toLiveRelease(last, undefined, SOURCE) };
  }
  const { live, newer } = pickLive(decodeHistory(await ask(...historyOf(release)), release));
  if (live === undefined) return { kind: "none", newer };
  const base = await ask(...revisionOf(release, live.revision));
  return { kind: "live", release: await toLiveRelease(base, newer, SOURCE) };
}

/** The revisions of a release as Helm tells them. */
export function helmRevisions(
  release: string,
  connectionFlags: readonly string[],
  runHelm: RunHelmForOutput,
): Revisions {
  const ask = askFor(connectionFlags, runHelm);
  return {
    list: async () => {
      const answer = await ask(...historyOf(release));
      if (answer === NOT_FOUND) return [];
      return decodeHistory(answer, release).toSorted((a, b) => b.revision - a.revision);
    },
    read: async (revision) =>
      toStoredRevision(await ask(...revisionOf(release, revision)), undefined, SOURCE),
  };
}

const AS_JSON = ["--template", RELEASE_AS_JSON];
const SOURCE = "helm get all";

const historyOf = (release: string) => ["history", release, "--output", "json"] as const;
const revisionOf = (release: string, revision: number) => [
  "get",
  "all",
  release,
  "--revision",
  String(revision),
  ...AS_JSON,
];

function askFor(connectionFlags: readonly string[], runHelm: RunHelmForOutput) {
  return async (...argv: string[]): Promise<unknown> => {
    const output = await runHelm([...argv, ...connectionFlags]);
    return output.code === 0 ? parseOutput(output, argv) : refusal(output, argv);
  };
}

function decodeHistory(answer: unknown, release: string): RevisionStatus[] {
  const revisions = history.safeParse(answer);
  if (!revisions.success) throw unreadable(`history ${release}`);
  return revisions.data;
}

const NOT_FOUND = Symbol("release not found");

/** The same words on both Helms, for every storage. */
function refusal({ stderr }: HelmOutput, argv: readonly string[]): typeof NOT_FOUND {
  const reason = helmError(stderr);
  if (reason === "release: not found") return NOT_FOUND;
  throw new NotifyError(
    "HELM_LOOK_UP_FAILED",
    `helm ${argv.slice(0, 3).join(" ")} failed: ${reason}`,
    {
      hint: "Run helm history for this release: it must work first.",
    },
  );
}

function parseOutput({ stdout }: HelmOutput, argv: readonly string[]): unknown {
  try {
    return JSON.parse(repairGoEscapes(stdout));
  } catch {
    throw unreadable(argv.slice(0, 3).join(" "));
  }
}

/** Without the parser's error, which quotes what it read: values may be secret. */
function unreadable(command: string): NotifyError {
  return new NotifyError("RELEASE_UNREADABLE", `cannot read what helm ${command} printed`, {
    hint: "Check with helm get all; helm-notify may be older than this Helm.",
  });
}
