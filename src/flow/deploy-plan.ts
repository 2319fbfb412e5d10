// What an upgrade will deploy: look up, read, decide. Changes nothing.
import { type CarryPlan, planCarry } from "../domain/carry.ts";
import { diffServices } from "../domain/diff.ts";
import { type MappingInput, readMapping, unlistedServices } from "../domain/mapped-services.ts";
import { coalesceValues, mergeValues } from "../domain/merged-values.ts";
import type { Before } from "../domain/message.ts";
import { type NotifySettings, notifySettings } from "../domain/notify-settings.ts";
import { toRecord } from "../domain/planned-record.ts";
import type { ReleaseRecord } from "../domain/record.ts";
import type { LiveRelease, LookUp, RevisionStatus } from "../domain/release.ts";
import type { DeployRequest } from "../domain/request.ts";
import { isSwitchedOff, type Switch } from "../domain/switches.ts";
import type { Path, Values } from "../domain/values.ts";
import { recordBefore } from "./release-record.ts";

/** User values of one command, and which of its flags or files said what. */
interface UserValues {
  readonly values: Values;
  /** `--set`, `prod.yaml`; `undefined` where the command says nothing. */
  readonly originOf: (path: Path) => string | undefined;
  readonly isReplaced?: (path: Path) => boolean;
}

interface DeployChart {
  readonly name: string;
  readonly version: string;
  readonly appVersion: string | undefined;
  /** Defaults, those of subcharts under their names. */
  readonly values: Values;
  readonly switches: readonly Switch[];
  /** Texts of the templates, where they are at hand. */
  readonly templates?: () => ReadonlyMap<string, string>;
}

export interface DeployPorts {
  readonly readUserValues: (request: DeployRequest) => Promise<UserValues>;
  readonly readChart: (request: DeployRequest) => Promise<DeployChart>;
  readonly lookUpRelease: (name: string) => Promise<LookUp>;
  /** The helm-notify.yaml of this command, if it has one. */
  readonly readConfig: () => Promise<MappingInput["config"]>;
  /** Where this deploys to, for charts whose values do not say it. */
  readonly environment: string | undefined;
}

export interface DeployPlan extends CarryPlan {
  readonly release: string | undefined;
  readonly live: LiveRelease | undefined;
  readonly newer: RevisionStatus | undefined;
  readonly isKeptByHelm: boolean;
  readonly originOf: UserValues["originOf"];
  readonly settings: NotifySettings;
  /** What runs now, and what will. */
  readonly recordBefore: Before;
  readonly recordAfter: ReleaseRecord;
}

/** Refuses what Helm could not use, before anything is changed. */
export async function planDeploy(request: DeployRequest, ports: DeployPorts): Promise<DeployPlan> {
  const [found, user, chart, config] = await Promise.all([
    lookUp(request, ports),
    ports.readUserValues(request),
    ports.readChart(request),
    ports.readConfig(),
  ]);
  const live = found.kind === "live" ? found.release : undefined;
  const input: MappingInput = {
    chartName: chart.name,
    chartValues: chart.values,
    userValues: user.values,
    liveConfig: live?.config,
    config,
    templates: chart.templates,
  };
  const mapping = readMapping(input);
  const { services } = mapping;
  const isKeptByHelm = live !== undefined && keepsValues(request, user.values);
  // --reuse-values takes the old chart's defaults as well (action.reuseValues).
  const deployed =
    request.keep === "reuse" && live ? { ...chart, values: live.chartValues } : chart;
  const carry = planCarry({
    services: [...services, ...unlistedServices(mapping, input)],
    explicit: user.values,
    isReplaced: user.isReplaced,
    originOf: user.originOf,
    isKeptByHelm,
    live,
    chart: deployed,
  });
  const below = isKeptByHelm && live ? live.config : carry.injected;
  const values = coalesceValues(deployed.values, mergeValues(below, user.values));
  // What is off stays carried, for the day it is on again; else it is not there.
  const isOn = (all: Values) => (service: { readonly tag: Path }) =>
    !isSwitchedOff(service.tag, chart.switches, all);
  const liveServices = live
    ? services.filter(isOn(coalesceValues(live.chartValues, live.config)))
    : services;
  const settings = notifySettings(values);
  const environment = settings.environment ?? ports.environment ?? "";
  return {
    ...carry,
    services: carry.services.filter(({ path }) => isOn(values)({ tag: path })),
    warnings: [...drift(live), ...carry.warnings],
    release: request.release,
    live,
    newer: found.kind === "live" ? found.release.newer : found.newer,
    isKeptByHelm,
    originOf: user.originOf,
    settings,
    recordBefore: recordBefore(found, liveServices, environment),
    recordAfter: toRecord({
      services: services.filter(isOn(values)),
      values,
      chart: deployed,
      environment,
    }),
  };
}

/** `helm install` makes a release that is not there yet: nothing to look up. */
async function lookUp(request: DeployRequest, ports: DeployPorts): Promise<LookUp> {
  if (request.verb === "install" || request.release === undefined)
    return { kind: "none", newer: undefined };
  return ports.lookUpRelease(request.release);
}

/**
 * `helm upgrade` without any values silently takes the last release's, and any injected file would switch that off
 * (action.reuseValues: len(newVals) == 0), also where the files given are all empty.
 */
function keepsValues(request: DeployRequest, explicit: Values): boolean {
  switch (request.keep) {
    case "reuse":
    case "reset-then-reuse":
      return true;
    case "reset":
      return false;
    case "none":
      return Object.keys(explicit).length === 0;
  }
}

/** After a failed hook or a rollout that timed out, the cluster runs what Helm does not call deployed. */
function drift(live: LiveRelease | undefined): string[] {
  if (live?.record === undefined || live.running === undefined) return [];
  return diffServices(live.record, live.running).changes.map((change) => {
    const said = "from" in change ? change.from.tag : "nothing";
    const runs = "to" in change ? change.to.tag : "nothing";
    return `${change.name}: the cluster's record says ${runs}, revision ${live.revision} says ${said}; what it says is carried`;
  });
}
