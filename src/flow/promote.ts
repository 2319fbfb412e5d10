// helm notify promote: what runs in one environment, into the values of another. It chooses; bump writes.
import type { ServiceBump } from "../domain/bump.ts";
import { declaredServices } from "../domain/declared-services.ts";
import { requireNamed } from "../domain/deployment-config.ts";
import { NotifyError } from "../domain/errors.ts";
import {
  isDowngrade,
  planPromotions,
  type Promotion,
  type ShownPromotion,
} from "../domain/promotion.ts";
import { isGood } from "../domain/run.ts";
import { toPromotionLines } from "../render/promotion-lines.ts";
import { type BumpPorts, type BumpRequest, type Declared, readDeclared } from "./bump.ts";
import { type OpenCluster, readDeployed, requireRelease, type Services } from "./environment.ts";
import { readLedger } from "./ledger-book.ts";
import type { Deadline, ReadShipped } from "./ports.ts";

export interface PromoteRequest {
  /** Where it is absent, what helm-notify.yaml says the target is promoted from. */
  readonly from: string | undefined;
  /** All that run there where it is empty. */
  readonly services: readonly string[];
  /** What the cluster recorded of the last deploy, or what the values file says. */
  readonly source: "record" | "file";
  /** Nobody needs to be asked: it was said, or nothing is to be written. */
  readonly isAgreed: boolean;
  readonly mayDowngrade: boolean;
}

export interface PromotePorts extends Pick<BumpPorts, "readConfig" | "readValues"> {
  readonly openCluster: OpenCluster;
  readonly readShipped: ReadShipped;
  readonly createDeadline: () => Deadline;
  /** A person's answer; absent where nobody can be asked. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** A line for the person. */
  readonly say: (line: string) => void;
}

/** Says what comes, and has it agreed to. Refuses, before anything is changed, a downgrade and a no. */
export function choosePromotion(
  request: PromoteRequest,
  ports: PromotePorts,
): BumpRequest["choose"] {
  return async (declared, checkout) => {
    const from = sourceName(request, declared);
    const readOther = async () => readDeclared(from, { ...ports, checkout });
    const source =
      request.source === "record"
        ? await readLive(from, declared, ports)
        : await readOther().then(({ config, values }) => declaredServices(config, values));
    const names = request.services;
    for (const name of names) requireNamed(declared.config.services, "service", name);
    const planned = planPromotions(names, source, declared);
    if (planned.length === 0) throw nothingIn(from);
    const { signal } = ports.createDeadline();
    const shown = await Promise.all(
      planned.map(async (one) => ({ ...one, shipped: await readCommits(one, ports, signal) })),
    );
    for (const line of toPromotionLines(from, declared.environmentName, shown)) ports.say(line);
    const changed = shown.filter(({ isChanged }) => isChanged);
    if (changed.length === 0) return shown.map(({ bump }) => bump);
    refuseDowngrade(changed, request);
    if (!request.isAgreed) await agree(declared.environmentName, ports);
    return changed.map(({ bump }): ServiceBump => bump);
  };
}

function sourceName({ from }: PromoteRequest, declared: Declared): string {
  const { environment, environmentName, config } = declared;
  const name = from ?? environment.promoteFrom;
  if (name === undefined) {
    throw new NotifyError("NO_SOURCE", `nothing says what ${environmentName} is promoted from`, {
      hint: `Add --from, or environments.${environmentName}.promoteFrom to helm-notify.yaml.`,
    });
  }
  requireNamed(config.environments, "environment", name);
  if (name !== environmentName) return name;
  throw new NotifyError("SAME_ENVIRONMENT", `${name} cannot be promoted to itself`, {
    hint: "Name two environments.",
  });
}

async function readLive(
  name: string,
  { config }: Declared,
  { openCluster, createDeadline, say }: PromotePorts,
): Promise<Services> {
  const environment = requireNamed(config.environments, "environment", name);
  const release = requireRelease(name, environment);
  const { signal } = createDeadline();
  const cluster = await openCluster(environment);
  const [services, ledger] = await Promise.all([
    readDeployed(name, config, cluster, signal),
    readLedger(release, cluster.readConfigMap, signal),
  ]);
  const last = ledger?.run;
  if (last?.phase === "started") {
    say(`warning: ${name} is being deployed to: what it runs may change`);
  } else if (last?.outcome && !isGood(last.outcome) && last.outcome.kind !== "unknown") {
    say(`warning: the last ${last.action} in ${name} did not end well (${last.outcome.kind})`);
  }
  return services;
}

function nothingIn(name: string): NotifyError {
  return new NotifyError("NOTHING_DEPLOYED", `there is nothing in ${name} to promote`, {
    hint: `Deploy to ${name} first, or check its release and namespace in helm-notify.yaml.`,
  });
}

async function readCommits(
  { before, after, isChanged }: Promotion,
  { readShipped }: PromotePorts,
  signal: AbortSignal,
): Promise<ShownPromotion["shipped"]> {
  const source = after.source ?? before?.source;
  if (!isChanged || !source || !before?.revision || !after.revision) return undefined;
  return readShipped(source, before.revision, after.revision, signal);
}

function refuseDowngrade(
  changed: readonly ShownPromotion[],
  { mayDowngrade }: PromoteRequest,
): void {
  const older = changed.find((one) => isDowngrade(one));
  if (older === undefined || mayDowngrade) return;
  const { bump, before, after } = older;
  const message = `${bump.service} is at ${before?.tag}: ${after.tag} is older`;
  throw new NotifyError("OLDER_TAG", message, {
    hint: "Name the other services with --service, or add --allow-downgrade.",
  });
}

async function agree(environment: string, { ask }: PromotePorts): Promise<void> {
  if (ask === undefined) {
    throw new NotifyError("NOT_AGREED", "nobody is here to agree, and nothing was changed", {
      hint: "Add --yes.",
    });
  }
  const answer = await ask(`Write this into the values of ${environment}? [y/N] `);
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new NotifyError("NOT_AGREED", "not agreed to, and nothing was changed");
}
