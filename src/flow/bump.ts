// `helm notify bump`: tags into an environment's values file, a commit, a push.
import {
  checkBumps,
  compareTags,
  planBump,
  type PlannedBump,
  type PlannedEdit,
  type ServiceBump,
} from "../domain/bump.ts";
import { type CommitView, toCommitMessage, toCommitView } from "../domain/commit-message.ts";
import {
  CONFIG_FILE,
  type DeployedService,
  type DeploymentConfig,
  type Environment,
  parseDeploymentConfig,
  policyOf,
  requireNamed,
} from "../domain/deployment-config.ts";
import { NotifyError } from "../domain/errors.ts";
import { parseTagValue } from "../domain/image-reference.ts";
import { isBefore } from "../domain/tag-choice.ts";
import { describePolicy, type TagPolicy } from "../domain/tag-policy.ts";
import { formatPath, type Value, type Values, valueAt } from "../domain/values.ts";
import type { Checkout } from "./ports.ts";

/** What the deployment repository says before anything is changed. */
export interface Declared {
  readonly config: DeploymentConfig;
  readonly environmentName: string;
  readonly environment: Environment;
  /** The environment's values file, and what it says. */
  readonly text: string;
  readonly values: Values;
}

export interface BumpRequest {
  readonly environment: string;
  /** Says which tags to write, or none; asked once, before anything is changed. */
  readonly choose: (declared: Declared, checkout: Checkout) => Promise<readonly ServiceBump[]>;
  readonly isDryRun: boolean;
  readonly isPushed: boolean;
  /** Whether places that are not in the file are written. */
  readonly mayCreate: boolean;
  readonly mayDowngrade: boolean;
}

export interface BumpPorts {
  readonly checkout: Checkout;
  /** Reads a YAML file as Helm does. Refuses what is no map. */
  readonly readValues: (text: string, file: string) => Values;
  /** Reads helm-notify.yaml, where a key that stands twice is a mistake. */
  readonly readConfig: (text: string, file: string) => Values;
  readonly edit: (
    text: string,
    edits: readonly PlannedEdit[],
    options: { readonly file: string; readonly mayCreate: boolean },
  ) => string;
  /** Whether the registry has that tag or digest; absent where nobody wants to know. */
  readonly hasTag: ((image: string, reference: string) => Promise<boolean>) | undefined;
  /** The user's own wording of the commit. */
  readonly fillTemplate: ((view: CommitView) => string) | undefined;
}

export type BumpEnd =
  /** The file says it already. */
  | { readonly kind: "unchanged"; readonly file: string; readonly planned: readonly PlannedBump[] }
  | { readonly kind: "dry-run"; readonly diff: string; readonly message: string }
  | {
      readonly kind: "committed" | "pushed";
      readonly commit: string;
      readonly branch: string;
      readonly subject: string;
    };

interface Plan {
  readonly file: string;
  readonly planned: readonly PlannedBump[];
  /** `undefined` where nothing changes. */
  readonly text: string | undefined;
}

/**
 * One commit for all services that change, none where nothing does. Where others push first, the same is done again on
 * what they have pushed. Refuses everything it can refuse before the first change.
 */
export async function bump(request: BumpRequest, ports: BumpPorts): Promise<BumpEnd> {
  const { checkout } = ports;
  const exclusively: Checkout["exclusively"] = request.isDryRun
    ? (use) => use()
    : checkout.exclusively;
  // Else it might be read while another writes it.
  const declared = await exclusively(() => readDeclared(request.environment, ports));
  const bumps = await request.choose(declared, checkout);
  checkBumps(bumps);
  await checkImages(bumps, declared, ports);
  const write = () => writeCommit(bumps, request, ports);
  for (;;) {
    const end = await exclusively(write);
    if (end.kind !== "committed" || !request.isPushed) return end;
    if ((await checkout.push()) === "pushed") return { ...end, kind: "pushed" };
    await checkout.renew();
  }
}

async function writeCommit(
  bumps: readonly ServiceBump[],
  request: BumpRequest,
  ports: BumpPorts,
): Promise<BumpEnd> {
  const { checkout } = ports;
  const { file, planned, text } = await plan(bumps, request, ports);
  if (text === undefined) {
    if (!request.isDryRun) await checkout.checkClean(file);
    return { kind: "unchanged", file, planned };
  }
  const changed = planned.filter(({ edits }) => edits.length > 0);
  const view = toCommitView(request.environment, changed);
  const message = toCommitMessage(view, ports.fillTemplate?.(view));
  if (request.isDryRun) {
    return { kind: "dry-run", diff: await checkout.diff(file, text), message };
  }
  const commit = await checkout.commit(file, text, message);
  const [subject = ""] = message.split("\n");
  return { kind: "committed", commit, branch: checkout.branch ?? "HEAD", subject };
}

/** Reads helm-notify.yaml and the values file of one environment. */
export async function readDeclared(
  environmentName: string,
  { checkout, readConfig, readValues }: Pick<BumpPorts, "checkout" | "readConfig" | "readValues">,
): Promise<Declared> {
  const hint = "Write one at the root of the repository.";
  const content = readConfig(await readFile(checkout, CONFIG_FILE, hint), CONFIG_FILE);
  const config = parseDeploymentConfig(content, CONFIG_FILE);
  const environment = requireNamed(config.environments, "environment", environmentName);
  const file = environment.values;
  const place = `environments.${environmentName}.values`;
  const text = await readFile(checkout, file, `Correct ${place} in ${CONFIG_FILE}.`);
  return { config, environmentName, environment, text, values: readValues(text, file) };
}

async function readFile(checkout: Checkout, file: string, hint: string): Promise<string> {
  const text = await checkout.readFile(file);
  if (text !== undefined) return text;
  throw new NotifyError("NO_SUCH_FILE", `there is no ${file} in the repository`, { hint });
}

/** Anew at each attempt: others may have pushed another tag, another config. */
async function plan(
  bumps: readonly ServiceBump[],
  request: BumpRequest,
  ports: BumpPorts,
): Promise<Plan> {
  const { config, environment, values, ...declared } = await readDeclared(
    request.environment,
    ports,
  );
  const file = environment.values;
  const planned = bumps.map((one) => planBump(one, serviceOf(config, one), values));
  if (!request.mayDowngrade) {
    for (const one of planned) {
      const service = serviceOf(config, one.bump);
      await refuseOlder(one, service, policyOf(service, request.environment), file, ports);
    }
  }
  const edits = mergeEdits(planned);
  if (edits.length === 0) return { file, planned, text: undefined };
  const { mayCreate } = request;
  return { file, planned, text: ports.edit(declared.text, edits, { file, mayCreate }) };
}

/** Services may share a place, and are to agree on it then. */
function mergeEdits(planned: readonly PlannedBump[]): readonly PlannedEdit[] {
  const edits = new Map<string, PlannedEdit>();
  for (const edit of planned.flatMap((one) => one.edits)) {
    const place = formatPath(edit.path);
    const other = edits.get(place);
    if (other !== undefined && other.value !== edit.value) {
      const problem = `${place} would be both ${other.value} and ${edit.value}`;
      throw new NotifyError("BAD_BUMP", problem, {
        hint: "Give services that share a place the same tag, or correct their paths in helm-notify.yaml.",
      });
    }
    edits.set(place, edit);
  }
  return [...edits.values()];
}

function serviceOf(config: DeploymentConfig, { service }: ServiceBump): DeployedService {
  return requireNamed(config.services, "service", service);
}

async function checkImages(
  bumps: readonly ServiceBump[],
  { config, values }: Declared,
  { hasTag }: BumpPorts,
): Promise<void> {
  for (const one of bumps) {
    const { image } = planBump(one, serviceOf(config, one), values);
    if (image === undefined || hasTag === undefined) continue;
    const { tag, digest } = one;
    for (const [sign, reference] of [
      [":", tag],
      ["@", digest],
    ] as const) {
      if (reference === undefined || (await hasTag(image, reference).catch(showWayOut))) continue;
      throw new NotifyError("NO_SUCH_TAG", `the registry has no ${image}${sign}${reference}`, {
        hint: "Correct it, or push the image first. --no-verify-image asks no registry.",
      });
    }
  }
}

/** A registry that cannot be asked need not be. */
function showWayOut(error: unknown): never {
  if (!(error instanceof NotifyError)) throw error;
  const { code, message, cause, hint = "" } = error;
  const wayOut = `${hint} --no-verify-image asks no registry.`.trim();
  throw new NotifyError(code, message, { hint: wayOut, cause });
}

async function refuseOlder(
  { bump: { service, tag }, from }: PlannedBump,
  { places }: DeployedService,
  policy: TagPolicy | undefined,
  file: string,
  { checkout, readValues }: BumpPorts,
): Promise<void> {
  if (from === undefined) return;
  const order = compareTags(from, tag);
  if (order === "older") throw older(service, from, tag, "is the older version");
  if (order !== "unknown") return;
  if (policy && isBefore(policy, tag, from)) {
    throw older(service, from, tag, `comes before it by ${describePolicy(policy)}`);
  }
  for await (const text of checkout.readHistory(file, [from, tag])) {
    const stood = parseTagValue(tagIn(text), places.tag.at(-1) ?? "").tag;
    if (stood === tag) throw older(service, from, tag, "stood there before");
    if (stood === from) return;
  }

  function tagIn(text: string): Value | undefined {
    try {
      return valueAt(readValues(text, file), places.tag);
    } catch (error) {
      // It was not always as tidy as today.
      if (error instanceof NotifyError) return undefined;
      throw error;
    }
  }
}

function older(service: string, from: string, tag: string, reason: string): NotifyError {
  return new NotifyError("OLDER_TAG", `${service} is at ${from}: ${tag} ${reason}`, {
    hint: "Add --allow-downgrade to go back.",
  });
}

/** What a person reads of it, on stdout. */
export function describeBump(end: BumpEnd): string {
  switch (end.kind) {
    case "unchanged": {
      const tags = end.planned.map(({ bump: { service, tag } }) => `${service} ${tag}`).join(", ");
      return `nothing to change in ${end.file}${tags === "" ? "" : `: it has ${tags}`}\n`;
    }
    case "dry-run":
      return end.diff;
    case "committed":
    case "pushed":
      return `${end.kind} ${end.commit.slice(0, 10)} to ${end.branch}: ${end.subject}\n`;
  }
}
