// What `doctor` sees of one release: its cluster, our rights there, the revision that is live, Slack, and the last run.
import type { Cause } from "../domain/cause.ts";
import type { Environment } from "../domain/deployment-config.ts";
import { diffServices } from "../domain/diff.ts";
import { NotifyError } from "../domain/errors.ts";
import type { Finding, FindingsAt } from "../domain/findings.ts";
import { coalesceValues, mergeValues } from "../domain/merged-values.ts";
import { type NotifySettings, notifySettings } from "../domain/notify-settings.ts";
import type { ReleaseRecord } from "../domain/record.ts";
import { isPending, type LiveRelease, type LookUp } from "../domain/release.ts";
import { describeRight, neededRights, type Right } from "../domain/rights.ts";
import { decodeTurn, lockOf, TURN_KEY, turnName } from "../domain/turn.ts";
import type { Values } from "../domain/values.ts";
import { watcherName } from "../domain/watched-run.ts";
import { toLockText } from "../render/turn-text.ts";
import { readLedger } from "./ledger-book.ts";
import type { Deadline, ReadConfigMap } from "./ports.ts";
import { recordOf, servicesOf, settingsOf } from "./release-record.ts";

export type ReleasePlace = Partial<Pick<Environment, "release" | "namespace" | "kubeContext">>;

type SecretData = Readonly<Record<string, string>>;

/** Each rejects with a `NotifyError`. */
export interface DoctorCluster {
  readonly namespace: string;
  /** How we came there: `context "staging"`. */
  readonly origin: string;
  readonly readVersion: (signal: AbortSignal) => Promise<string>;
  readonly isAllowed: (right: Right, signal: AbortSignal) => Promise<boolean>;
  readonly readConfigMap: ReadConfigMap;
  /** `undefined` where there is none. */
  readonly readSecret: (name: string, signal: AbortSignal) => Promise<SecretData | undefined>;
  readonly lookUpRelease: (release: string) => Promise<LookUp>;
  readonly findCause: (replicaSet: string, since: Date, deadline: Deadline) => Promise<Cause>;
}

export interface ReleasePorts {
  readonly openCluster: (place: ReleasePlace) => Promise<DoctorCluster>;
  /** Where Helm keeps releases; `undefined` where that is not the cluster. */
  readonly storage: "secrets" | "configmaps" | undefined;
  /** Whether the environment says which Slack to tell: then the plugin asks for no Secret. */
  readonly hasCredentials: boolean;
  /** Looks at what is in the environment, else in `secret`. */
  readonly checkCredentials: (
    secret: { readonly name: string; readonly data: SecretData } | undefined,
    slack: NotifySettings["slack"],
    at: FindingsAt,
    signal: AbortSignal,
  ) => Promise<Finding>;
  readonly createDeadline: () => Deadline;
  readonly now: Date;
}

/** Somewhere to look at a release, and the values that the next deploy brings. */
interface Target extends ReleasePlace {
  readonly at: FindingsAt;
  readonly chartValues: Values | undefined;
  /** `undefined` where they are left to the release. */
  readonly values: Values | undefined;
}

/** Everything that throws a `NotifyError` is a finding too. */
export async function attempt(
  at: FindingsAt,
  check: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await check();
  } catch (error) {
    return [at.failure(error)];
  }
}

/** One release and its surroundings: whatever cannot be looked at is a finding, and the rest is looked at. */
export async function checkRelease(
  target: Target,
  ports: ReleasePorts,
): Promise<readonly Finding[]> {
  const { at, release, chartValues, values } = target;
  const deadline = ports.createDeadline();
  const { signal } = deadline;
  return attempt(at, async () => {
    const cluster = await ports.openCluster(target);
    const version = await cluster.readVersion(signal);
    const { origin, namespace } = cluster;
    const reached = at.ok(`Kubernetes ${version} by ${origin}, namespace ${namespace}`);
    const { live, findings } = await lookAtRelease(release, cluster, at);
    const ofChart = chartValues ?? live?.chartValues;
    // The environment's file may be one of several that a deploy is given.
    const given = mergeValues(live?.config ?? {}, values ?? {});
    const settings = notifySettings(coalesceValues(ofChart ?? {}, given));
    const others = await Promise.all([
      attempt(at, () => checkRights(target, cluster, ports.storage, signal)),
      attempt(at, () => checkSlack(settings, ofChart !== undefined, at, cluster, ports, signal)),
      ...(release === undefined
        ? []
        : [
            attempt(at, () => checkLock(release, target, cluster, ports.now, signal)),
            attempt(at, () => checkLastRun(release, target, cluster, deadline)),
          ]),
    ]);
    return [reached, ...findings, ...others.flat()];
  });
}

async function lookAtRelease(
  release: string | undefined,
  cluster: DoctorCluster,
  at: FindingsAt,
): Promise<{ readonly live?: LiveRelease | undefined; readonly findings: readonly Finding[] }> {
  if (release === undefined) {
    const remedy = "Name it with --release, or as release of the environment.";
    return { findings: [at.warning("no release is named: none is looked at", remedy)] };
  }
  try {
    const found = await cluster.lookUpRelease(release);
    const live = found.kind === "live" ? found.release : undefined;
    const newer = found.kind === "live" ? found.release.newer : found.newer;
    if (newer && isPending(newer)) {
      const message = `revision ${newer.revision} of ${release} is ${newer.status}: Helm refuses to go on`;
      const remedy = `Let the deploy end; if there is none any more: helm notify recover ${release}`;
      return { live, findings: [at.problem(message, remedy)] };
    }
    if (live) return { live, findings: releaseFindings(live, at) };
    const last = newer && `: its revision ${newer.revision} is ${newer.status}`;
    const message = `${release} is not deployed in namespace ${cluster.namespace}${last ?? ""}`;
    return { findings: [at.warning(message, "Check name, namespace and context, or deploy it.")] };
  } catch (error) {
    return { findings: [at.failure(error)] };
  }
}

function releaseFindings(live: LiveRelease, at: FindingsAt): readonly Finding[] {
  const { name, revision, newer, record, running } = live;
  const behind = newer && [
    at.warning(
      `revision ${newer.revision} of ${name} is ${newer.status}: tags are carried from ${revision}`,
      `Look at helm history ${name}, and deploy again.`,
    ),
  ];
  if (record === undefined) {
    const message = `revision ${revision} of ${name} has no record: its chart has no snippets`;
    const remedy = "Add them with helm notify init; without, only the plugin tells of deploys.";
    return [...(behind ?? []), at.warning(message, remedy)];
  }
  // After a failure the two differ by right.
  const moved = changedServices(record, newer ? record : (running ?? record));
  const strays = changedServices(record, recordByValues(live) ?? record);
  const remedy = "Deploy once more, with the chart's snippets unchanged.";
  const wrong = [
    ...(moved !== ""
      ? [at.warning(`the cluster's record is not that of revision ${revision}: ${moved}`, remedy)]
      : []),
    ...(strays !== ""
      ? [at.warning(`the record of ${name} is not what its values say: ${strays}`, remedy)]
      : []),
  ];
  const found = behind ?? [at.ok(`revision ${revision} of ${name} is ${live.status}`)];
  return [...found, ...wrong];
}

function changedServices(one: ReleaseRecord, other: ReleaseRecord): string {
  return diffServices(one, other)
    .changes.map(({ name }) => name)
    .join(", ");
}

/** `undefined` where the values do not tell: in an umbrella chart. */
function recordByValues(live: LiveRelease): ReleaseRecord | undefined {
  if (!settingsOf(live).isPlain) return undefined;
  return recordOf({ ...live, record: undefined }, servicesOf(live, undefined), "");
}

async function checkRights(
  { at, release }: Target,
  cluster: DoctorCluster,
  storage: ReleasePorts["storage"],
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const needs = neededRights(storage, release);
  const refused = await Promise.all(
    needs.map(async ({ rights, lost, isNeeded }) => {
      const allowed = await Promise.all(rights.map((right) => cluster.isAllowed(right, signal)));
      const lacking = rights.filter((_, index) => !allowed[index]).map(describeRight);
      if (lacking.length === 0) return [];
      const message = `you may not ${lacking.join(", ")}: ${lost}`;
      const remedy = `Ask for these rights in namespace ${cluster.namespace}.`;
      return [isNeeded ? at.problem(message, remedy) : at.warning(message, remedy)];
    }),
  );
  const findings = refused.flat();
  return findings.length > 0 ? findings : [at.ok("you may do what the plugin does")];
}

/** `isKnown`: the settings are all there are; else the chart may have more. */
async function checkSlack(
  { slack, hasPod }: NotifySettings,
  isKnown: boolean,
  at: FindingsAt,
  cluster: DoctorCluster,
  { hasCredentials, checkCredentials }: ReleasePorts,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const ofPlugin = hasCredentials
    ? [await checkCredentials(undefined, slack, at, signal)]
    : undefined;
  const { secretRef: name } = slack;
  if (name === undefined) {
    const nobody = isKnown
      ? at.warning(
          "neither the values nor the environment say which Slack to tell",
          "Set helm-notify.slack.secretRef in the values, or HELM_NOTIFY_SLACK_WEBHOOK_URL.",
        )
      : at.warning(
          "which Slack is told is not known without the live release",
          "Name the chart too: helm notify doctor CHART.",
        );
    return ofPlugin ?? [nobody];
  }
  // The plugin does without, the pod cannot.
  if (ofPlugin && !hasPod) return ofPlugin;
  const ofSecret = async (): Promise<Finding> => {
    const data = await cluster.readSecret(name, signal);
    if (data !== undefined) return checkCredentials({ name, data }, slack, at, signal);
    return at.problem(
      `there is no Secret ${name} in namespace ${cluster.namespace}`,
      `Make it: kubectl create secret generic ${name} -n ${cluster.namespace} --from-literal=webhookUrl=…`,
    );
  };
  try {
    return [...(ofPlugin ?? []), await ofSecret()];
  } catch (error) {
    const isForbidden = error instanceof NotifyError && error.code === "KUBE_FORBIDDEN";
    return [...(ofPlugin ?? []), at.failure(error, isForbidden && hasPod ? "warning" : "problem")];
  }
}

/** Whether somebody keeps deploys off. What may not be read is told with the rights. */
async function checkLock(
  release: string,
  { at }: Target,
  { readConfigMap }: DoctorCluster,
  now: Date,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const stored = await readConfigMap(turnName(release), signal).catch((error: unknown) => {
    if (error instanceof NotifyError && error.code === "KUBE_FORBIDDEN") return undefined;
    throw error;
  });
  const lock = lockOf(decodeTurn(stored?.data[TURN_KEY] ?? ""), now);
  if (lock === undefined) return [];
  const remedy = `Wait, or take it away: helm notify unlock ${release}`;
  return [at.warning(`${release} is locked by ${toLockText(lock)}`, remedy)];
}

// Others are warnings about healthy pods too, as MissingClusterDNS.
const KEEPS_FROM_STARTING = /^(?:Fail|BackOff|Err|Inspect)/;

/** What was told of the last run, and whether its pod is in trouble. */
async function checkLastRun(
  release: string,
  { at }: Target,
  cluster: DoctorCluster,
  deadline: Deadline,
): Promise<readonly Finding[]> {
  const { run } = (await readLedger(release, cluster.readConfigMap, deadline.signal)) ?? {};
  const since = new Date(run?.startedAt ?? 0);
  const { pods, events } = await cluster.findCause(watcherName(release), since, deadline);
  const remedy =
    "Check helm-notify.image and its pull secrets in the values, and the namespace's quotas.";
  const ofPod = pods
    // A pod that only just began is not ready either.
    .filter(({ reason }) => reason !== "ContainersNotReady")
    .map(({ pod, reason, message = "", image = "" }) =>
      at.problem(
        `the pod ${pod} that tells is in trouble: ${[reason, image, message].filter(Boolean).join(": ")}`,
        remedy,
      ),
    );
  // On a first install the pod waits for its account: once a run is told, such events are history.
  const ofEvents = events
    .filter(({ reason }) => KEEPS_FROM_STARTING.test(reason))
    .map(({ about, reason, message }) => at.warning(`${about}: ${reason}: ${message}`, remedy));
  if (run === undefined) return [...ofPod, ...ofEvents];
  const what = `the last run, the ${run.action} of ${run.startedAt}`;
  const tellings = Object.entries(run.tellings ?? {});
  const troubles = tellings.flatMap(([way, { trouble }]) =>
    trouble === undefined
      ? []
      : [
          at.warning(
            `${what}, was not told by ${way}: ${trouble}`,
            "Correct that and deploy again.",
          ),
        ],
  );
  const isTold = tellings.length > 0 && tellings.every(([, { told }]) => told === "end");
  if (isTold) return [...ofPod, at.ok(`${what}, was told`)];
  return [...ofPod, ...ofEvents, ...troubles];
}
