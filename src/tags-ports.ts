// The edges that an image's tags are read and chosen with.
import { NotifyError } from "./domain/errors.ts";
import type { BumpRequest } from "./flow/bump.ts";
import { chooseLatest, type LatestTagsPorts, type LeaveOut } from "./flow/latest-tags.ts";
import { reportTags, type TagsReport, type TagsRequest } from "./flow/tags.ts";
import { withCheckout } from "./git/checkout.ts";
import { readEditableValues, readStrictValues } from "./helm/values/scalar-edit.ts";
import type { Host } from "./host.ts";
import { createDeadline } from "./io/deadline.ts";
import { createOutgoingHttp } from "./io/http.ts";
import { openRegistry, type Registry } from "./registry/registry.ts";
import { homeFolder } from "./io/home-folder.ts";

// For all services and all of their tags.
const TIMEOUT_MS = 120_000;
// Some registries give all tags at once, whatever is asked for: 100 000 of the longest are 13 MB.
const MAX_BODY_BYTES = 16 * 1024 * 1024;

// Nothing is fetched nor pushed.
const NONE = { sshKey: undefined, knownHosts: undefined, token: undefined, user: undefined };

type TagsWorld = Pick<Host, "env" | "say" | "pid" | "isRunning" | "beforeEnd">;
type ReadLedger = LatestTagsPorts["readLedger"];

/** Does what the command line asks for; nothing is changed. */
export async function runTags(
  request: TagsRequest,
  host: TagsWorld,
  readLedger: ReadLedger,
): Promise<TagsReport> {
  const deadline = createDeadline(TIMEOUT_MS);
  return withRegistry(host, readLedger, deadline.signal, (ports) =>
    reportTags(request, {
      ...ports,
      withCheckout: (use) =>
        withCheckout(
          { repo: undefined, branch: undefined, mayPush: false, author: undefined, access: NONE },
          { ...host, folder: ".", deadline, random: Math.random },
          use,
        ),
    }),
  );
}

/** The `choose` of a bump to the latest tags: `bump --latest`. */
export function latestChoice(
  services: readonly string[],
  host: TagsWorld,
  readLedger: ReadLedger,
  leaveOut: LeaveOut,
): BumpRequest["choose"] {
  const warn = (line: string) => host.say(`warning: ${line}`);
  return (declared, checkout) =>
    withRegistry(host, readLedger, AbortSignal.timeout(TIMEOUT_MS), (ports) =>
      chooseLatest(services, { ...ports, warn, leaveOut })(declared, checkout),
    );
}

/** Whether a registry has a tag or a digest, for those who are about to write it down. */
export function tagChecker(host: TagsWorld) {
  return async (image: string, reference: string, signal: AbortSignal): Promise<boolean> =>
    withRegistry(
      host,
      async () => undefined,
      signal,
      async ({ registry }) => {
        try {
          await registry.readDigest(image, reference, signal);
          return true;
        } catch (error) {
          if (error instanceof NotifyError && error.code === "REGISTRY_NOT_FOUND") return false;
          throw error;
        }
      },
    );
}

async function withRegistry<T>(
  { env, say }: TagsWorld,
  readLedger: ReadLedger,
  signal: AbortSignal,
  use: (ports: LatestTagsPorts & { readonly registry: Registry }) => Promise<T>,
): Promise<T> {
  const http = createOutgoingHttp(env, MAX_BODY_BYTES);
  const warn = (line: string) => say(`warning: ${line}`);
  try {
    const registry = openRegistry({ send: http.send, env, homeDir: homeFolder(), warn });
    const readers = { readConfig: readStrictValues, readValues: readEditableValues, readLedger };
    return await use({ registry, ...readers, signal });
  } finally {
    http.close();
  }
}
