// The edges that a pending release is looked at and ended with.
import { NotifyError } from "./domain/errors.ts";
import type { NotifySettings } from "./domain/notify-settings.ts";
import { withoutHolder } from "./domain/turn.ts";
import type { EndingPorts } from "./flow/recover.ts";
import { settleTurn } from "./flow/turn.ts";
import type { Host } from "./host.ts";
import { turnStore } from "./turn-ports.ts";
import { createDeadline } from "./io/deadline.ts";
import type { KubeApi } from "./kube/kube-api.ts";
import { listRunning } from "./kube/owners.ts";
import { awaitedHooks } from "./release/failure-question.ts";
import { markRevisionFailed, storageKind, storedRevisions } from "./release/storage.ts";
import { clusterPorts, reportPorts } from "./report-ports.ts";

export interface RecoverWorld {
  readonly host: Host;
  readonly release: string;
  /** `undefined` where only Helm knows the way to the cluster. The caller closes them all. */
  readonly openApi: () => Promise<KubeApi | undefined>;
  readonly ownTurn?: EndingPorts["ownTurn"];
}

/** Refuses a storage that only Helm can write to. */
export async function endingPorts({
  host,
  release,
  openApi,
  ownTurn,
}: RecoverWorld): Promise<EndingPorts & { readonly close: () => void }> {
  const driver = host.env["HELM_DRIVER"];
  const kind = storageKind(driver);
  const api = kind && (await openApi());
  if (kind === undefined || api === undefined) {
    const reason = kind
      ? "only Helm knows the way to this cluster"
      : `HELM_DRIVER is "${driver}", a storage that only Helm can write to`;
    throw new NotifyError("RECOVER_UNSUPPORTED", reason, {
      hint: "Go back with helm rollback RELEASE REVISION: it works on a pending release, too.",
    });
  }
  const { read, write } = clusterPorts(api, release);
  const revisions = storedRevisions(api, kind, release);
  const closing: (() => void)[] = [];
  return {
    namespace: api.namespace,
    revisions,
    read,
    write,
    listRunningHooks: async (of, signal) => {
      const running = await listRunning(api, awaitedHooks(of), signal);
      return running.map(({ kind: hook, name }) => `${hook} ${name}`);
    },
    markFailed: (revision, description, signal) =>
      markRevisionFailed(api, kind, { release, revision, description }, signal),
    endTurn: (holderId, signal) =>
      settleTurn(
        release,
        (present) => [withoutHolder(present, holderId), undefined],
        turnStore(api),
        signal,
      ),
    openReport: (settings: NotifySettings) => {
      const report = reportPorts(settings, {
        host,
        release,
        namespace: api.namespace,
        openApi,
        openRevisions: () => Promise.resolve(revisions),
      });
      closing.push(report.close);
      return report;
    },
    createDeadline,
    now: () => new Date(),
    ownTurn,
    say: host.say,
    close: () => closing.forEach((close) => close()),
  };
}
