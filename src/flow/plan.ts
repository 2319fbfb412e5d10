// helm notify plan: what an upgrade would carry and change, nothing run.
import { type Deployed, isChanged } from "../domain/carry.ts";
import type { DeployRequest } from "../domain/request.ts";
import { formatPath } from "../domain/values.ts";
import { toPlanTable, toSource } from "../render/plan-table.ts";
import { type DeployPlan, type DeployPorts, planDeploy } from "./deploy-plan.ts";

export interface PlanOptions {
  readonly output: "table" | "json";
}

export interface PlanReport {
  /** For stdout, ending in a newline. */
  readonly text: string;
  readonly warnings: readonly string[];
  /** Whether the upgrade would deploy any other tag, revision or digest than the live ones. */
  readonly hasChanges: boolean;
}

export async function reportPlan(
  request: DeployRequest,
  options: PlanOptions,
  ports: DeployPorts,
): Promise<PlanReport> {
  const plan = await planDeploy(request, ports);
  const text =
    options.output === "json"
      ? JSON.stringify(toJson(plan), null, 2)
      : toPlanTable(plan).join("\n");
  return { text: `${text}\n`, warnings: plan.warnings, hasChanges: plan.services.some(isChanged) };
}

/** A contract with scripts: keys are only ever added. `null` = nothing known. */
function toJson(plan: DeployPlan): object {
  const { live } = plan;
  return {
    v: 1,
    release: plan.release ?? null,
    live: live
      ? {
          namespace: live.namespace,
          revision: live.revision,
          status: live.status,
          newer: live.newer ?? null,
        }
      : null,
    services: plan.services.map((service) => ({
      name: service.name,
      path: formatPath(service.path),
      origin: service.origin,
      from: toSource(service, plan),
      changed: isChanged(service),
      before: orNull(service.before),
      after: orNull(service.after),
    })),
    injected: plan.injected,
    warnings: plan.warnings,
  };
}

const orNull = ({ tag, revision, digest }: Deployed) => ({
  tag: tag ?? null,
  revision: revision ?? null,
  digest: digest ?? null,
});
