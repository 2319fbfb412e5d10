// What a failed revision says of itself: where to look for the cause.
import * as z from "zod/mini";
import { hooksOf, inPhase, isPreHook, type ReleaseHook } from "../domain/release-hooks.ts";
import type { StoredRevision } from "../flow/ports.ts";
import { type FailureQuestion, WORKLOAD_KINDS, type Workload } from "../kube/failure.ts";

const withManifest = z.object({ manifest: z.nullish(z.string()) });

/** Asks for nothing where Helm left no revision: then nothing in the cluster is of this run. */
export async function failureQuestion(
  failed: StoredRevision | undefined,
  since: Date,
): Promise<FailureQuestion> {
  const { data } = withManifest.safeParse(failed?.content);
  const isUninstall = failed?.release.status === "uninstalling";
  // Of a deploy it keeps how its test ended.
  const hooks = hooksOf(failed?.content).filter(
    ({ events }) => !isUninstall || events?.some((event) => event.endsWith("-delete")),
  );
  const hookFailed = inPhase(hooks, "Failed")[0];
  // Where Helm was interrupted, maybe: it writes down that a hook runs, but not when that has ended well.
  const hook = hookFailed ?? inPhase(hooks, "Running").find(isAwaited);
  // Nothing is applied before the pre-hooks have ended: the workloads are as they were.
  const isBefore = hookFailed !== undefined && isPreHook(hookFailed);
  return {
    since,
    description: failed?.description,
    hook: hook && { kind: hook.kind, name: hook.name },
    workloads: isBefore ? [] : await findWorkloads(data?.manifest ?? "", failed?.release.namespace),
  };
}

/** Its hooks that Helm waits for, and which may outlive it. */
export function awaitedHooks({ content }: StoredRevision): readonly Workload[] {
  return hooksOf(content).flatMap((hook) => {
    const isOfRun = hook.events?.some((event) => /^(?:pre|post)-/.test(event)) ?? false;
    return isOfRun && isAwaited(hook) ? [{ kind: hook.kind, name: hook.name }] : [];
  });
}

/** Helm waits for hooks of these kinds only. */
function isAwaited(hook: ReleaseHook): hook is ReleaseHook & { readonly kind: "Job" | "Pod" } {
  return hook.kind === "Job" || hook.kind === "Pod";
}

const workload = z.object({
  kind: z.enum(WORKLOAD_KINDS),
  name: z.string(),
  namespace: z.optional(z.string()),
});

const WORKLOAD = new RegExp(`kind["']?:\\s*["']?(?:${WORKLOAD_KINDS.join("|")})\\b`);

/** Those in the release's own namespace; what cannot be read is left out. */
async function findWorkloads(
  manifest: string,
  namespace: string | undefined,
): Promise<readonly Workload[]> {
  const candidates = manifest.split(/^---/m).filter((text) => WORKLOAD.test(text));
  if (candidates.length === 0) return [];
  const { parseDocument } = await import("yaml");
  return candidates.flatMap((text) => {
    const document = parseDocument(text, { uniqueKeys: false });
    const { data } = workload.safeParse({
      kind: document.getIn(["kind"]),
      name: document.getIn(["metadata", "name"]),
      namespace: document.getIn(["metadata", "namespace"]),
    });
    const isHere = data && (data.namespace === undefined || data.namespace === namespace);
    return isHere ? [{ kind: data.kind, name: data.name }] : [];
  });
}
