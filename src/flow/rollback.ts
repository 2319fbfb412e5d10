// helm rollback and helm uninstall: Helm as typed, told as it ended. Looking up what runs must never stand in the way of a
// rollback: where it cannot be read, Helm runs all the same.
import { NotifyError } from "../domain/errors.ts";
import type { NotifySettings } from "../domain/notify-settings.ts";
import type { LiveRelease, LookUp } from "../domain/release.ts";
import type { RunFlags, ToldVerb } from "../domain/request.ts";
import type { Service } from "../domain/service.ts";
import type { DeployPorts } from "./deploy-plan.ts";
import type { HelmExit, Revisions } from "./ports.ts";
import { recordBefore, recordOf, servicesOf, settingsOf } from "./release-record.ts";
import type { PlannedRun } from "./report.ts";
import type { UpgradePorts } from "./upgrade.ts";

export interface RollbackRequest {
  readonly verb: ToldVerb;
  readonly release: string;
  /** 0: the one before the last, as Helm takes it. */
  readonly revision: number;
}

export interface RollbackPorts
  extends
    Pick<UpgradePorts, "report" | "say">,
    Pick<DeployPorts, "environment" | "lookUpRelease" | "readConfig"> {
  readonly openRevisions: (release: string) => Promise<Revisions>;
  readonly runHelm: () => Promise<HelmExit>;
  readonly signal: AbortSignal;
}

export async function rollback(
  request: RollbackRequest,
  flags: RunFlags,
  ports: RollbackPorts,
): Promise<HelmExit> {
  const planned = flags.isDryRun ? undefined : await plan(request, flags, ports);
  if (planned === undefined) return ports.runHelm();
  return ports.report(planned.run, planned.settings, ports.runHelm);
}

async function plan(
  request: RollbackRequest,
  flags: RunFlags,
  ports: RollbackPorts,
): Promise<{ readonly run: PlannedRun; readonly settings: NotifySettings } | undefined> {
  try {
    const found = await ports.lookUpRelease(request.release);
    const last = found.kind === "live" ? (found.release.newer ?? found.release) : found.newer;
    // Helm says better what is wrong with a release that is not there.
    if (last === undefined) return undefined;
    const isRollback = request.verb === "rollback";
    // Then Helm merely forgets it.
    if (last.status === "uninstalled" && !isRollback) return undefined;
    const read = (revision: number) => readRevision(request.release, revision, ports);
    // https://github.com/helm/helm/blob/v3.17.2/pkg/action/rollback.go ("previousVersion")
    const target = isRollback ? await read(request.revision || last.revision - 1) : undefined;
    const known = found.kind === "live" ? found.release : (target ?? (await read(last.revision)));
    return await describePlan(request, flags, { found, known, target, last: last.revision }, ports);
  } catch (error) {
    if (!(error instanceof NotifyError)) throw error;
    // A revision that is not there: Helm says so.
    if (error.code === "KUBE_NOT_FOUND") return undefined;
    ports.say(`warning: not announced: ${error.message}`);
    return undefined;
  }
}

async function readRevision(
  release: string,
  revision: number,
  ports: RollbackPorts,
): Promise<LiveRelease> {
  const revisions = await ports.openRevisions(release);
  return (await revisions.read(revision, ports.signal)).release;
}

interface Found {
  readonly found: LookUp;
  /** The live release, else the one gone back to, else what a dead run or a failed uninstall left. */
  readonly known: LiveRelease;
  readonly target: LiveRelease | undefined;
  readonly last: number;
}

async function describePlan(
  { verb, release }: RollbackRequest,
  flags: RunFlags,
  { found, known, target, last }: Found,
  ports: RollbackPorts,
) {
  const config = await ports.readConfig();
  const settings = settingsOf(known);
  const environment = settings.environment ?? ports.environment ?? "";
  const services = servicesOf(known, config);
  // Helm runs the hooks of the revision gone back to; without the snippets it has none.
  const hasPod = target !== undefined && settingsOf(target).hasPod && !flags.isWithoutHooks;
  const run: PlannedRun = {
    action: verb,
    release,
    before: recordBefore(found, services, environment),
    after: target && recordOf(target, servicesFor(target, services, config), environment),
    isWaited: flags.isWaited,
    isAtomic: false,
    lastRevision: last,
    hasPod,
    isSelfTold: true,
  };
  return { run, settings };
}

/** A revision from before the snippets has no mapping of its own: the live one names its services alike. */
function servicesFor(
  target: LiveRelease,
  live: readonly Service[],
  config: Parameters<typeof servicesOf>[1],
): readonly Service[] {
  return settingsOf(target).isPlain ? servicesOf(target, config) : live;
}
