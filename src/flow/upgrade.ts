// helm upgrade and helm install: plan, show, run Helm with the carried values in front of the user's, tell how it ended.
import { NotifyError } from "../domain/errors.ts";
import type { NotifySettings } from "../domain/notify-settings.ts";
import { isPending, type RevisionStatus } from "../domain/release.ts";
import type { DeployRequest, RunFlags } from "../domain/request.ts";
import type { Values } from "../domain/values.ts";
import { toPlanTable } from "../render/plan-table.ts";
import { type DeployPlan, type DeployPorts, planDeploy } from "./deploy-plan.ts";
import type { HelmExit } from "./ports.ts";
import type { PlannedRun } from "./report.ts";

export interface UpgradePorts extends DeployPorts {
  /** A line for the person at the terminal; never Helm's stdout. */
  readonly say: (line: string) => void;
  /** Runs Helm with `values` as the lowest of the user's values files; `undefined` = exactly as typed. */
  readonly runHelm: (values: Values | undefined) => Promise<HelmExit>;
  /** Of a release that is pending: says who is at it, and recovers it where that is wanted; `true` where it is free now. */
  readonly settlePending: (release: string) => Promise<boolean>;
  /** After a good end: `helm test`, whose failure is the deploy's. Absent where nobody asked for it. */
  readonly test?: ReleaseTest | undefined;
  /** Runs Helm and tells people of it; `lookForCause` is to be called before a failure is undone. */
  readonly report: (
    run: PlannedRun,
    settings: NotifySettings,
    runHelm: (lookForCause: () => Promise<void>) => Promise<HelmExit>,
  ) => Promise<HelmExit>;
}

export interface ReleaseTest {
  readonly run: (release: string) => Promise<HelmExit>;
  /** To the revision that was live before; 0: there was none, and the release goes. */
  readonly undo: (release: string, revision: number) => Promise<HelmExit>;
}

/** Helm's end is the command's end, whatever it was. */
export async function upgrade(
  request: DeployRequest,
  flags: RunFlags,
  ports: UpgradePorts,
): Promise<HelmExit> {
  let plan = await planDeploy(request, ports);
  const isDeploy = !flags.isDryRun && request.verb !== "diff upgrade";
  if (isDeploy) {
    plan = { ...plan, newer: plan.newer ?? (await nameTaken(request, ports)) };
    if (isRefused(request, plan)) return ports.runHelm(undefined);
  }
  const { release, newer } = plan;
  if (isDeploy && release !== undefined && newer !== undefined && isPending(newer)) {
    // What is recovered may be what Helm starts from.
    if (await ports.settlePending(release)) plan = await planDeploy(request, ports);
  }
  for (const line of toPlanTable(plan)) ports.say(line);
  for (const warning of plan.warnings) ports.say(`warning: ${warning}`);
  const injected = Object.keys(plan.injected).length > 0 ? plan.injected : undefined;
  const run = isDeploy ? plannedRun(plan, flags) : undefined;
  if (run === undefined) return ports.runHelm(injected);
  return ports.report(run, plan.settings, async (lookForCause) => {
    const exit = await ports.runHelm(injected);
    if (ports.test === undefined || !isGoodExit(exit)) return exit;
    return testRelease(exit, run, plan.live, ports.test, { ...ports, lookForCause });
  });
}

/** The last revision of what bears the name of an install, which looks for nothing live. */
async function nameTaken(
  { verb, release }: DeployRequest,
  ports: UpgradePorts,
): Promise<RevisionStatus | undefined> {
  return verb === "install" && release !== undefined ? readNewest(release, ports) : undefined;
}

/** `undefined` also where it cannot be read. */
async function readNewest(
  release: string,
  { lookUpRelease }: Pick<UpgradePorts, "lookUpRelease">,
): Promise<RevisionStatus | undefined> {
  try {
    const found = await lookUpRelease(release);
    return found.kind === "live" ? (found.release.newer ?? found.release) : found.newer;
  } catch (error) {
    // Helm does not get there either, and says so.
    if (error instanceof NotifyError) return undefined;
    throw error;
  }
}

/** What Helm refuses before it does anything, in words that need no others: nobody is to hear of a deploy. */
function isRefused({ verb, mayInstall }: DeployRequest, { live, newer }: DeployPlan): boolean {
  if (verb === "install") return newer !== undefined && !REPLACEABLE.includes(newer.status);
  const isGone = newer === undefined || newer.status === "uninstalled";
  return live === undefined && isGone && !mayInstall;
}

// https://github.com/helm/helm/blob/v3.17.2/pkg/action/install.go ("availableName")
const REPLACEABLE = ["uninstalled", "failed"];

async function testRelease(
  exit: HelmExit,
  { release, isAtomic, lastRevision }: PlannedRun,
  live: DeployPlan["live"],
  test: ReleaseTest,
  ports: Pick<UpgradePorts, "say" | "lookUpRelease"> & { lookForCause: () => Promise<void> },
): Promise<HelmExit> {
  const { say, lookForCause } = ports;
  const tested = await test.run(release);
  if (isGoodExit(tested)) return exit;
  const newest = isAtomic ? await readNewest(release, ports) : undefined;
  if (newest !== undefined && newest.revision > lastRevision + 1) {
    const { revision } = newest;
    say(`helm test failed, and nothing is undone: revision ${revision} is somebody else's`);
    return tested;
  }
  const undoing = live === undefined ? "uninstalling" : `rolling back to revision ${live.revision}`;
  // Helm goes back to what was good once, and so do we.
  const hasWayBack = live?.status !== "failed";
  const what = hasWayBack ? undoing : "and there is no good revision to go back to";
  say(`helm test failed${isAtomic ? `, ${what}` : ""}`);
  if (!isAtomic || !hasWayBack) return tested;
  await lookForCause();
  await test.undo(release, live?.revision ?? 0);
  return tested;
}

function isGoodExit(exit: HelmExit): boolean {
  return exit.kind === "exited" && exit.code === 0;
}

/** `undefined` where Helm makes up the release's name. */
function plannedRun(plan: DeployPlan, flags: RunFlags): PlannedRun | undefined {
  const { release, live, newer, settings } = plan;
  if (release === undefined) return undefined;
  return {
    action: live ? "upgrade" : "install",
    release,
    before: plan.recordBefore,
    after: plan.recordAfter,
    isWaited: flags.isWaited,
    isAtomic: flags.isAtomic,
    lastRevision: newer?.revision ?? live?.revision ?? 0,
    hasPod: settings.hasPod && !flags.isWithoutHooks,
    isSelfTold: settings.isPlain || !settings.hasPod,
  };
}
