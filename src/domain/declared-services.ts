// What the values file of an environment says of its services.
import type { DeploymentConfig } from "./deployment-config.ts";
import { toRecord } from "./planned-record.ts";
import type { ServiceRecord } from "./record.ts";
import type { Values } from "./values.ts";

/** By name; a service whose tag the file leaves to the chart, or to another file, is not among them. */
export function declaredServices(
  { services }: Pick<DeploymentConfig, "services">,
  values: Values,
): Readonly<Record<string, ServiceRecord>> {
  const places = Object.values(services).map((service) => service.places);
  const chart = { name: "", version: "", appVersion: undefined };
  return toRecord({ services: places, values, chart, environment: "" }).services;
}
