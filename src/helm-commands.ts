// Helm's commands that we go with: edges put into flows. Loaded only where one of them runs.
import type { HelmVerb, ToldVerb } from "./domain/request.ts";
import type { NotifySettings } from "./domain/notify-settings.ts";
import { NotifyError } from "./domain/errors.ts";
import { passedLock } from "./domain/turn.ts";
import type { HelmExit } from "./flow/ports.ts";
import type { PlannedRun } from "./flow/report.ts";
import { type ReleaseTest, upgrade, type UpgradePorts } from "./flow/upgrade.ts";
import { parseDuration, resolveSettings, type Settings } from "./cli/settings.ts";
import { flagValue, isSwitchedOn, parseArgv, type ParsedArgv, quoteCsv } from "./helm/argv.ts";
import {
  isDoubtful,
  isReleaseName,
  runFlags,
  toDeployRequest,
  toRollbackRequest,
} from "./helm/deploy-request.ts";
import { type FlagTable, GLOBAL_FLAGS, toldFlags, verbFlags } from "./helm/flags.ts";
import { runHelm, type RunWorld } from "./helm/run.ts";
import {
  askHelm,
  type ClusterAccess,
  clusterAccess,
  deployPorts,
  namespaceOf,
  parseHelmWords,
  releaseRequest,
} from "./deploy-ports.ts";
import { connectionArgv } from "./release/connection-flags.ts";
import { openRevisions } from "./release/look-up.ts";
import type { Host } from "./host.ts";
import { inTurn, NO_TURN, type OpenTurn } from "./turn-ports.ts";
import { withTempFolder, writePrivate } from "./io/temp-folder.ts";
import { isSlackInEnvironment } from "./slack-credentials.ts";

/** helm upgrade, helm install and helm diff upgrade; `places` is where the verb's words stand. */
export async function deploy(
  argv: readonly string[],
  places: readonly number[],
  verb: HelmVerb,
  host: Host,
): Promise<HelmExit> {
  const command = await readCommand(argv, places, verb, verbFlags(verb), host);
  const { parsed, settings, head, tail } = command;
  // Found before anything else is done.
  const helm = host.helm();
  const request = toDeployRequest(verb, parsed);
  if (request === undefined || (await isRefused(request.release, command, host))) {
    return runHelm([...head, ...tail], helm);
  }
  const flags = runFlags(parsed);
  if (settings.isTested && request.release === undefined && !flags.isDryRun) {
    throw new NotifyError("BAD_ARGUMENTS", "--notify-test needs to know the release", {
      hint: "Name it, instead of leaving that to Helm.",
    });
  }

  // What can be read once only (`-f -`, `-f <(command)`): Helm gets what we have read of it.
  const given = new Map<number, Buffer>();
  const readDescriptor = async (descriptor: number) => {
    const content = given.get(descriptor) ?? (await host.readDescriptor(descriptor));
    given.set(descriptor, content);
    return content;
  };
  const access = clusterAccess(parsed, settings, host);
  const ports = deployPorts(parsed, settings, readDescriptor, access);
  const work = (turn: OpenTurn) => {
    const world = { ...helm, env: { ...helm.env, ...turn.env } };
    const run = async (injected: readonly string[]) => {
      await turn.taken();
      return runHelm([...head, ...injected, ...tail], world, given);
    };
    return upgrade(request, flags, {
      ...ports,
      lookUpRelease: async (release) => {
        await turn.taken();
        return ports.lookUpRelease(release);
      },
      say: host.say,
      settlePending: pendingSettler(parsed, settings, access, host, turn),
      report: reporter(parsed, settings, access, host, turn),
      test: settings.isTested ? releaseTest(parsed, world) : undefined,
      runHelm: async (values) => {
        if (values === undefined) return run([]);
        return withTempFolder(async (folder) => {
          const file = writePrivate(folder, "carried.json", JSON.stringify(values));
          return run(["-f", quoteCsv(file)]);
        });
      },
    });
  };
  try {
    const { release } = request;
    if (release === undefined || flags.isDryRun || verb === "diff upgrade")
      return await work(NO_TURN);
    return await inTurn({ release, action: verb }, settings, access, host, async (turn) => {
      // It looks nothing up, and has nothing to wait with.
      if (verb === "install") await turn.taken();
      return work(turn);
    });
  } finally {
    access.close();
  }
}

/** What Helm refuses as it reads the command: nobody is to hear of it. It reads all flags before it looks at `--help`. */
async function isRefused(
  release: string | undefined,
  { parsed, head, tail }: Command,
  host: Host,
): Promise<boolean> {
  if (release !== undefined && !isReleaseName(release)) return true;
  if (!isDoubtful(parsed)) return false;
  return (await askHelm(host)([...head, "--help", ...tail])).code !== 0;
}

function pendingSettler(
  parsed: ParsedArgv,
  { isRecovering }: Settings,
  access: ClusterAccess,
  host: Host,
  turn: OpenTurn,
): UpgradePorts["settlePending"] {
  return async (release) => {
    const { endingPorts } = await import("./recover-ports.ts");
    const { settlePending } = await import("./flow/recover.ts");
    const { HELM_TIMEOUT_MS } = await import("./domain/recovery.ts");
    const timeout = flagValue(parsed, "timeout");
    try {
      // Who deploys again gives the same one.
      const timeoutMs = timeout ? parseDuration(timeout, "--timeout") : HELM_TIMEOUT_MS;
      const own = turn.id === undefined ? undefined : { id: turn.id, dead: turn.dead() };
      const world = { host, release, openApi: access.openNewApi, ownTurn: own };
      const ports = await endingPorts(world);
      try {
        const isFree = await settlePending({ release, timeoutMs, isRecovering }, ports);
        if (!isFree) turn.leaveToDead();
        return isFree;
      } finally {
        ports.close();
      }
    } catch (error) {
      if (!(error instanceof NotifyError)) throw error;
      host.say(`warning: the release is pending, and who is at it is not known: ${error.message}`);
      return false;
    }
  };
}

/** Helm's stdout is that of the upgrade, which may be JSON: what its helpers print goes to stderr. */
function releaseTest(parsed: ParsedArgv, helm: RunWorld): ReleaseTest {
  const run = (...argv: string[]) => {
    const timeout = flagValue(parsed, "timeout");
    const limits = timeout === undefined ? [] : [`--timeout=${timeout}`];
    return runHelm([...argv, ...limits, ...connectionArgv(parsed)], { ...helm, stdout: 2 });
  };
  const switches = (...names: string[]) =>
    names.filter((name) => isSwitchedOn(parsed, name)).map((name) => `--${name}`);
  return {
    run: (release) => run("test", release),
    // As Helm undoes a failure of its own: https://github.com/helm/helm/blob/v3.17.2/pkg/action/upgrade.go ("failRelease").
    undo: (release, revision) => {
      if (revision === 0) return run("uninstall", release, "--wait", ...switches("no-hooks"));
      const back = switches("wait-for-jobs", "no-hooks");
      return run("rollback", release, String(revision), "--wait", ...back);
    },
  };
}

/** helm rollback and helm uninstall. */
export async function tell(
  argv: readonly string[],
  places: readonly number[],
  verb: ToldVerb,
  host: Host,
): Promise<HelmExit> {
  const command = await readCommand(argv, places, verb, toldFlags(verb), host);
  const { parsed, settings, head, tail } = command;
  const helm = host.helm();
  if (isOfSeveral(verb, parsed)) return uninstallEach(parsed, host);
  const request = toRollbackRequest(verb, parsed);
  if (request === undefined || (await isRefused(request.release, command, host))) {
    return runHelm([...head, ...tail], helm);
  }
  const { rollback } = await import("./flow/rollback.ts");
  const access = clusterAccess(parsed, settings, host);
  const flags = runFlags(parsed);
  const work = async (turn: OpenTurn) => {
    await turn.taken();
    return rollback(request, flags, {
      ...deployPorts(parsed, settings, host.readDescriptor, access),
      openRevisions: (release) => openRevisions(releaseRequest(release, parsed, settings), access),
      say: host.say,
      report: reporter(parsed, settings, access, host, turn),
      runHelm: async () => {
        await turn.taken();
        return runHelm([...head, ...tail], { ...helm, env: { ...helm.env, ...turn.env } });
      },
      signal: AbortSignal.timeout(settings.timeoutMs),
    });
  };
  try {
    if (flags.isDryRun) return await work(NO_TURN);
    return await inTurn({ release: request.release, action: verb }, settings, access, host, work);
  } finally {
    access.close();
  }
}

function isOfSeveral(verb: ToldVerb, parsed: ParsedArgv): boolean {
  const { positionals, unknown } = parsed;
  const isDeed = unknown.length === 0 && !isSwitchedOn(parsed, "help");
  return verb === "uninstall" && positionals.length > 1 && isDeed;
}

/** One after the other up to the first that fails, as Helm does. */
async function uninstallEach(
  { positionals, flags, own }: ParsedArgv,
  host: Host,
): Promise<HelmExit> {
  const words = [...flags, ...own].map(({ name, value }) =>
    value === undefined ? `--${name}` : `--${name}=${value}`,
  );
  let exit: HelmExit = { kind: "exited", code: 0 };
  for (const [index, release] of positionals.entries()) {
    if (exit.isSignalled) {
      host.say(`interrupted, left as they are: ${positionals.slice(index).join(", ")}`);
      return { kind: "exited", code: 1 };
    }
    exit = await tell(["uninstall", ...words, "--", release], [0], "uninstall", host);
    if (exit.kind !== "exited" || exit.code !== 0) break;
  }
  return exit;
}

/** Taken apart: what is Helm's, in front of and behind the verb, and what is ours. */
interface Command {
  readonly parsed: ParsedArgv;
  readonly settings: Settings;
  readonly head: readonly string[];
  readonly tail: readonly string[];
}

async function readCommand(
  argv: readonly string[],
  places: readonly number[],
  verb: HelmVerb | ToldVerb,
  table: FlagTable,
  host: Host,
): Promise<Command> {
  const flagsAndNames = argv.filter((_, at) => !places.includes(at));
  const parsed = await parseHelmWords(flagsAndNames, verb, table, host);
  const settings = resolveSettings(parsed.own, host.env);
  const front = parseArgv(argv.slice(0, places[0]), GLOBAL_FLAGS).rest;
  const words = places.map((at) => argv[at] ?? "");
  return { parsed, settings, head: [...front, ...words], tail: parsed.rest.slice(front.length) };
}

function reporter(
  parsed: ParsedArgv,
  settings: Settings,
  access: ClusterAccess,
  host: Host,
  turn: OpenTurn,
): UpgradePorts["report"] {
  return async (run, notify, start) => {
    const lock = await turn.taken();
    const startedAt = new Date();
    // Most releases of the world have nobody to tell: theirs is Helm's own pace, until something fails.
    const exit = mayBeTold(run, notify, host.env) ? undefined : await start(async () => {});
    if (exit?.kind === "exited" && exit.code === 0) return exit;
    const { reportPorts } = await import("./report-ports.ts");
    const { reportRun } = await import("./flow/report.ts");
    const request = releaseRequest(run.release, parsed, settings);
    const ports = reportPorts(notify, {
      host,
      release: run.release,
      namespace: namespaceOf(parsed, host),
      openApi: access.openNewApi,
      openRevisions: () => openRevisions(request, { ...access, openApi: access.openNewApi }),
    });
    try {
      const helm = exit === undefined ? start : () => Promise.resolve(exit);
      return await reportRun(
        { ...run, startedAt, ...passedLock(lock, settings.overrideReason) },
        helm,
        ports,
      );
    } finally {
      ports.close();
    }
  };
}

/** Whether anybody could be told: by the chart's pod, by the Secret its values name, by the environment. */
function mayBeTold(
  { hasPod }: PlannedRun,
  { isEnabled, slack }: NotifySettings,
  env: Host["env"],
): boolean {
  const isInEnv = isSlackInEnvironment(env) || Boolean(env["HELM_NOTIFY_GENERIC_URL"]);
  return hasPod || (isEnabled && (isInEnv || slack.secretRef !== undefined));
}
