// helm upgrade and helm install: plan, show, run Helm with the carried values in front of the user's, tell how it ended.
import type { NotifySettings } from "../domain/notify-settings.ts";
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
  /** After a good end: `helm test`, whose failure is the deploy's. Absent where nobody asked for it. */
  readonly test?: ReleaseTest | undefined;
  /** Runs Helm and tells people of it. */
  readonly report: (
    run: PlannedRun,
    settings: NotifySettings,
    runHelm: () => Promise<HelmExit>,
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
  const plan = await planDeploy(request, ports);
  for (const line of toPlanTable(plan)) ports.say(line);
  for (const warning of plan.warnings) ports.say(`warning: ${warning}`);
  const injected = Object.keys(plan.injected).length > 0 ? plan.injected : undefined;
  const isDeploy = !flags.isDryRun && request.verb !== "diff upgrade";
  const run = isDeploy ? plannedRun(plan, flags) : undefined;
  const runHelm = async () => {
    const exit = await ports.runHelm(injected);
    return run && isGoodExit(exit) ? testRelease(exit, run, plan, ports) : exit;
  };
  return run ? ports.report(run, plan.settings, runHelm) : runHelm();
}

async function testRelease(
  exit: HelmExit,
  { release, isAtomic }: PlannedRun,
  { live }: DeployPlan,
  { test, say }: UpgradePorts,
): Promise<HelmExit> {
  if (test === undefined) return exit;
  const tested = await test.run(release);
  if (isGoodExit(tested)) return exit;
  const revision = live?.revision ?? 0;
  say(
    `helm test failed${isAtomic ? `, ${revision === 0 ? "uninstalling" : `rolling back to revision ${revision}`}` : ""}`,
  );
  if (isAtomic) await test.undo(release, revision);
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
