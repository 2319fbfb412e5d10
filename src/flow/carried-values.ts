// helm notify values: what would be injected, for helmfile's `exec` and for CI.
import { planCarry } from "../domain/carry.ts";
import { mappedServices } from "../domain/mapped-services.ts";
import type { DeployRequest } from "../domain/request.ts";
import type { Values } from "../domain/values.ts";
import { type DeployPorts, planDeploy } from "./deploy-plan.ts";

/**
 * With a chart and value flags: exactly what `helm notify upgrade` would inject. With the release alone: all it could
 * carry, judged by the live chart.
 */
export async function carriedValues(
  request: DeployRequest | { readonly release: string },
  ports: DeployPorts,
): Promise<Values> {
  if ("chart" in request) return (await planDeploy(request, ports)).injected;
  const found = await ports.lookUpRelease(request.release);
  if (found.kind === "none") return {};
  const live = found.release;
  const chart = { ...live.chart, values: live.chartValues };
  const services = mappedServices({
    chartName: chart.name,
    chartValues: chart.values,
    userValues: live.config,
    config: await ports.readConfig(),
  });
  return planCarry({ services, explicit: {}, isKeptByHelm: false, live, chart }).injected;
}
