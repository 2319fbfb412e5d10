// helm upgrade and helm install: plan, show, run Helm with the carried values in front of the user's.
import type { DeployRequest } from "../domain/request.ts";
import type { Values } from "../domain/values.ts";
import { toPlanTable } from "../render/plan-table.ts";
import { type DeployPorts, planDeploy } from "./deploy-plan.ts";
import type { HelmExit } from "./ports.ts";

export interface UpgradePorts extends DeployPorts {
  /** A line for the person at the terminal; never Helm's stdout. */
  readonly say: (line: string) => void;
  /** Runs Helm with `values` as the lowest of the user's values files; `undefined` = exactly as typed. */
  readonly runHelm: (values: Values | undefined) => Promise<HelmExit>;
}

/** Helm's end is the command's end, whatever it was. */
export async function upgrade(request: DeployRequest, ports: UpgradePorts): Promise<HelmExit> {
  const plan = await planDeploy(request, ports);
  for (const line of toPlanTable(plan)) ports.say(line);
  for (const warning of plan.warnings) ports.say(`warning: ${warning}`);
  return ports.runHelm(Object.keys(plan.injected).length > 0 ? plan.injected : undefined);
}
