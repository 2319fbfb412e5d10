// helm notify doctor: looks at a set-up the way plugin and pod will, and changes nothing.
import { declaredServices } from "../domain/declared-services.ts";
import { CONFIG_FILE, type DeploymentConfig, requireNamed } from "../domain/deployment-config.ts";
import { promotionFindings, tagPlaceFindings } from "../domain/deployment-findings.ts";
import { NotifyError } from "../domain/errors.ts";
import { type Finding, type FindingsAt, findingsAt } from "../domain/findings.ts";
import { mappedServices } from "../domain/mapped-services.ts";
import { notifySettings } from "../domain/notify-settings.ts";
import type { Values } from "../domain/values.ts";
import { toFindingLines } from "../render/findings.ts";
import { attempt, checkRelease, type ReleasePlace, type ReleasePorts } from "./doctor-release.ts";

export interface DoctorRequest {
  /** As on Helm's command line. */
  readonly chart: string | undefined;
  readonly place:
    | ({ readonly kind: "release" } & ReleasePlace)
    /** Those of helm-notify.yaml; all where none is named, and without the file the release of nowhere. */
    | { readonly kind: "environments"; readonly names: readonly string[] };
  readonly output: "text" | "json";
}

export interface DoctorPorts extends ReleasePorts {
  /** `v3.17.2`. */
  readonly readHelmVersion: () => Promise<string>;
  /** The deployment repository around us; `undefined` outside of one. Refuses a helm-notify.yaml that is not valid. */
  readonly readDeployment: () =>
    | { readonly config: DeploymentConfig; readonly readValues: (file: string) => Values }
    | undefined;
  readonly readChart: (chart: string) => Promise<DoctorChart>;
  readonly hasTag: (image: string, tag: string, signal: AbortSignal) => Promise<boolean>;
}

interface DoctorChart {
  readonly name: string;
  readonly version: string;
  readonly values: Values;
}

export interface DoctorReport {
  readonly findings: readonly Finding[];
  /** For stdout, ending in a newline. */
  readonly text: string;
  /** 1 where there is a problem. */
  readonly exitCode: 0 | 1;
}

/** Refuses what is asked for wrongly; all else that is wrong is a finding. */
export async function examine(request: DoctorRequest, ports: DoctorPorts): Promise<DoctorReport> {
  const chart = await readChart(request.chart, ports);
  const [helm, others] = await Promise.all([
    checkHelm(ports),
    checkPlaces(request, chart.values, ports),
  ]);
  const findings = withoutRepeats([...helm, ...chart.findings, ...others]);
  const text =
    request.output === "json"
      ? JSON.stringify({ findings }, null, 2)
      : toFindingLines(findings).join("\n");
  const isIll = findings.some(({ level }) => level === "problem");
  return { findings, text: `${text}\n`, exitCode: isIll ? 1 : 0 };
}

/** A registry that does not answer has nothing to say of all its images. */
function withoutRepeats(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}

async function checkHelm({ readHelmVersion }: DoctorPorts): Promise<readonly Finding[]> {
  const at = findingsAt("helm");
  return attempt(at, async () => {
    const version = await readHelmVersion();
    const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(version)?.map(Number) ?? [];
    if (major === 4 || (major === 3 && minor !== undefined && minor >= 17)) return [at.ok(version)];
    const remedy = "Install Helm 4, or Helm 3.17 or newer.";
    return major === 3
      ? [at.warning(`${version} is older than any that helm-notify is tested with`, remedy)]
      : [at.problem(`${version} is neither Helm 3 nor Helm 4`, remedy)];
  });
}

async function readChart(
  reference: string | undefined,
  ports: Pick<DoctorPorts, "readChart">,
): Promise<{ readonly values: Values | undefined; readonly findings: readonly Finding[] }> {
  if (reference === undefined) return { values: undefined, findings: [] };
  const at = findingsAt(`chart ${reference}`);
  try {
    const chart = await ports.readChart(reference);
    return { values: chart.values, findings: checkChart(chart, at) };
  } catch (error) {
    return { values: undefined, findings: [at.failure(error)] };
  }
}

function checkChart({ name, version, values }: DoctorChart, at: FindingsAt): readonly Finding[] {
  const services = checkServices(name, `${name} ${version}`, values, at);
  if (notifySettings(values).hasPod) return [services];
  const message = "it starts no pod that tells: deploys without the plugin stay untold";
  return [services, at.warning(message, "Add the snippets with helm notify init.")];
}

function checkServices(chartName: string, title: string, values: Values, at: FindingsAt): Finding {
  try {
    const services = mappedServices({ chartName, chartValues: values, userValues: {} });
    if (services.length > 0) {
      return at.ok(`${title} has the services ${services.map(({ name }) => name).join(", ")}`);
    }
    const remedy = "Name them under helm-notify.services in its values.";
    return at.warning(`${title} has no service: nothing is carried or told`, remedy);
  } catch (error) {
    // The user's values may have what the chart's own lack.
    const isMissing = error instanceof NotifyError && error.code === "UNKNOWN_SERVICE_PATH";
    return at.failure(error, isMissing ? "warning" : "problem");
  }
}

async function checkPlaces(
  { place }: DoctorRequest,
  chartValues: Values | undefined,
  ports: DoctorPorts,
): Promise<readonly Finding[]> {
  const elsewhere = { at: findingsAt("cluster"), chartValues, values: undefined };
  if (place.kind === "release") return checkRelease({ ...elsewhere, ...place }, ports);
  const at = findingsAt(CONFIG_FILE);
  let deployment: ReturnType<DoctorPorts["readDeployment"]>;
  try {
    deployment = ports.readDeployment();
  } catch (error) {
    return [at.failure(error)];
  }
  if (deployment !== undefined) {
    return checkDeployment(deployment, place.names, chartValues, ports);
  }
  if (place.names.length === 0) return checkRelease(elsewhere, ports);
  throw new NotifyError("NO_CONFIG", `there is no ${CONFIG_FILE} in this folder or above it`, {
    hint: "Change to the deployment repository, or leave out --env.",
  });
}

async function checkDeployment(
  { config, readValues }: NonNullable<ReturnType<DoctorPorts["readDeployment"]>>,
  names: readonly string[],
  chartValues: Values | undefined,
  ports: DoctorPorts,
): Promise<readonly Finding[]> {
  const chosen = names.length > 0 ? names : Object.keys(config.environments);
  const environments = chosen.map(
    (name) => [name, requireNamed(config.environments, "environment", name)] as const,
  );
  const valuesOf = new Map<string, Values>();
  const unreadable = Object.entries(config.environments).flatMap(([name, { values: file }]) => {
    try {
      valuesOf.set(name, readValues(file));
      return [];
    } catch (error) {
      return [findingsAt(name).failure(error)];
    }
  });
  const checked = await Promise.all(
    environments.map(async ([name, environment]) => {
      const at = findingsAt(name);
      const values = valuesOf.get(name);
      const [ofTarget, ofTags] = await Promise.all([
        checkRelease({ ...environment, at, chartValues, values }, ports),
        values === undefined ? [] : checkTags(config, values, at, ports),
      ]);
      return [...ofTags, ...ofTarget];
    }),
  );
  const files = [
    ...promotionFindings(config),
    ...unreadable,
    ...tagPlaceFindings(config, valuesOf),
  ];
  const at = findingsAt(CONFIG_FILE);
  const isSound = files.every(({ place }) => place !== CONFIG_FILE);
  return [...(isSound ? [at.ok("is valid")] : []), ...files, ...checked.flat()];
}

/** Whether the registries have what the values file declares. */
async function checkTags(
  config: DeploymentConfig,
  values: Values,
  at: FindingsAt,
  { hasTag, createDeadline }: DoctorPorts,
): Promise<readonly Finding[]> {
  const { signal } = createDeadline();
  const declared = Object.entries(declaredServices(config, values)).flatMap(([name, record]) => {
    const image = record.image ?? config.services[name]?.image;
    return image === undefined ? [] : [{ image, tag: record.digest ?? record.tag }];
  });
  const findings = await Promise.all(
    declared.map(async ({ image, tag }) => {
      try {
        if (await hasTag(image, tag, signal)) return [];
        const remedy = "Push the image, or correct the tag in the values.";
        return [at.problem(`there is no ${tag} of ${image} in its registry`, remedy)];
      } catch (error) {
        // The nodes of a cluster may have rights and ways that we have not.
        return [at.failure(error, "warning")];
      }
    }),
  );
  const isFound = declared.length > 0 && findings.flat().length === 0;
  return isFound ? [at.ok("the registries have all images of the values")] : findings.flat();
}
