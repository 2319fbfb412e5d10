// What each command is made of: edges put into flows. Loaded only when a command of ours runs, not on the way to Helm.
import type { RecoverOptions } from "./cli/recover-command.ts";
import type { DeployRequest, HelmVerb, ToldVerb } from "./domain/request.ts";
import type { NotifySettings } from "./domain/notify-settings.ts";
import type { Values } from "./domain/values.ts";
import { NotifyError } from "./domain/errors.ts";
import { passedLock } from "./domain/turn.ts";
import type { HelmExit } from "./flow/ports.ts";
import { type DeployPorts, planDeploy } from "./flow/deploy-plan.ts";
import type { PlannedRun } from "./flow/report.ts";
import { type ReleaseTest, upgrade, type UpgradePorts } from "./flow/upgrade.ts";
import { parseDuration, resolveSettings, type Settings } from "./cli/settings.ts";
import { flagValue, isSwitchedOn, parseArgv, type ParsedArgv, quoteCsv } from "./helm/argv.ts";
import { runFlags, toDeployRequest, toRollbackRequest } from "./helm/deploy-request.ts";
import { type FlagTable, GLOBAL_FLAGS, toldFlags, verbFlags } from "./helm/flags.ts";
import { runHelm, type RunWorld } from "./helm/run.ts";
import {
  askHelm,
  type ClusterAccess,
  clusterAccess,
  deployPorts,
  parseHelmWords,
  releaseRequest,
} from "./deploy-ports.ts";
import { connectionArgv } from "./release/connection-flags.ts";
import { openRevisions } from "./release/look-up.ts";
import type { Host } from "./host.ts";
import { inTurn, NO_TURN, type OpenTurn } from "./turn-ports.ts";
import { withTempFolder, writePrivate } from "./io/temp-folder.ts";

/** helm upgrade, helm install and helm diff upgrade; `places` is where the verb's words stand. */
export async function deploy(
  argv: readonly string[],
  places: readonly number[],
  verb: HelmVerb,
  host: Host,
): Promise<HelmExit> {
  const { parsed, settings, head, tail } = await readCommand(
    argv,
    places,
    verb,
    verbFlags(verb),
    host,
  );
  // Found before anything else is done.
  const helm = host.helm();
  const request = toDeployRequest(verb, parsed);
  if (request === undefined) return runHelm([...head, ...tail], helm);
  const flags = runFlags(parsed);
  if (settings.isTested && request.release === undefined && !flags.isDryRun) {
    throw new NotifyError("BAD_ARGUMENTS", "--notify-test needs to know the release", {
      hint: "Name it, instead of leaving that to Helm.",
    });
  }

  // Helm gets what we have read of stdin (`-f -`).
  let stdin: Buffer | undefined;
  const readStdin = async () => (stdin ??= await host.readStdin());
  const access = clusterAccess(parsed, settings, host);
  const ports = deployPorts(parsed, settings, readStdin, access);
  const work = (turn: OpenTurn) => {
    const world = { ...helm, env: { ...helm.env, ...turn.env } };
    const run = async (injected: readonly string[]) => {
      await turn.taken();
      return runHelm([...head, ...injected, ...tail], world, stdin);
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
  const { parsed, settings, head, tail } = await readCommand(
    argv,
    places,
    verb,
    toldFlags(verb),
    host,
  );
  const helm = host.helm();
  const request = toRollbackRequest(verb, parsed);
  if (request === undefined) return runHelm([...head, ...tail], helm);
  const { rollback } = await import("./flow/rollback.ts");
  const access = clusterAccess(parsed, settings, host);
  const flags = runFlags(parsed);
  const work = async (turn: OpenTurn) => {
    await turn.taken();
    return rollback(request, flags, {
      ...deployPorts(parsed, settings, host.readStdin, access),
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

/** Taken apart: what is Helm's, in front of and behind the verb, and what is ours. */
async function readCommand(
  argv: readonly string[],
  places: readonly number[],
  verb: HelmVerb | ToldVerb,
  table: FlagTable,
  host: Host,
) {
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
function mayBeTold({ hasPod }: PlannedRun, { slack }: NotifySettings, env: Host["env"]): boolean {
  const variables = ["SLACK_WEBHOOK_URL", "SLACK_BOT_TOKEN", "GENERIC_URL"];
  const isInEnv = variables.some((name) => env[`HELM_NOTIFY_${name}`]);
  return hasPod || isInEnv || slack.secretRef !== undefined;
}

/** Commands of ours, by commander. `words[0]` is the command's name, if any. */
export async function runOwn(words: readonly string[], host: Host): Promise<HelmExit> {
  const { program, exitCode } = await ownProgram(host);
  if (words.length === 0) program.outputHelp();
  else await program.parseAsync(words, { from: "user" });
  return { kind: "exited", code: exitCode() };
}

async function ownProgram(host: Host) {
  const { createProgram } = await import("./cli/program.ts");
  let code = 0;
  const program = createProgram(
    {
      plan: async (argv, help) => {
        code = await printPlan(argv, help, host);
      },
      values: async (argv, help) => printValues(argv, help, host),
      preview: async (argv, help) => preview(argv, help, host),
      init: async (chart, options) => init(chart, options, host),
      announce: async (request) => {
        const { runAnnounce } = await import("./announce-ports.ts");
        const report = await runAnnounce(request, host);
        host.writeOut(report.text);
        code = report.exitCode;
      },
      bump: async (options) => {
        const { runBump } = await import("./bump-ports.ts");
        const { describeBump } = await import("./flow/bump.ts");
        const { latestChoice, tagChecker } = await import("./tags-ports.ts");
        const { ledgerReader } = await import("./environment-ports.ts");
        const choices = options.isLatest
          ? { choose: latestChoice(options.latest, host, ledgerReader(host)) }
          : {};
        host.writeOut(
          describeBump(await runBump(options, host, { ...choices, hasTag: tagChecker(host) })),
        );
      },
      promote: async (options) => {
        const { runPromote } = await import("./environment-ports.ts");
        const { ask } = await import("./io/ask.ts");
        const askHere = (question: string) => ask(question, host.terminal);
        const { describeBump } = await import("./flow/bump.ts");
        const { tagChecker } = await import("./tags-ports.ts");
        host.writeOut(describeBump(await runPromote(options, host, askHere, tagChecker(host))));
      },
      tags: async (request) => {
        const { runTags } = await import("./tags-ports.ts");
        const { ledgerReader } = await import("./environment-ports.ts");
        const { text, warnings, error } = await runTags(request, host, ledgerReader(host));
        host.writeOut(text);
        for (const warning of warnings) host.say(`warning: ${warning}`);
        if (error) throw error;
      },
      live: async (options) => {
        const { runLive } = await import("./environment-ports.ts");
        const report = await runLive(options, host, ".");
        host.writeOut(report.text);
        code = report.exitCode;
      },
      lock: async (request) => {
        const { runLock } = await import("./lock-ports.ts");
        await runLock(request, host);
      },
      unlock: async (request) => {
        const { runUnlock } = await import("./lock-ports.ts");
        await runUnlock(request, host);
      },
      doctor: async (request) => {
        const { runDoctor } = await import("./doctor-ports.ts");
        const report = await runDoctor(request, host, ".");
        host.writeOut(report.text);
        code = report.exitCode;
      },
      recover: async (options) => {
        code = await runRecover(options, host);
      },
      log: async (request) => {
        const { runLog } = await import("./environment-ports.ts");
        host.writeOut(await runLog(request, host, "."));
      },
    },
    { writeOut: host.writeOut, writeErr: (text) => text.trimEnd().split("\n").forEach(host.say) },
    host.version,
  );
  return { program, exitCode: () => code };
}

async function runRecover(options: RecoverOptions, host: Host): Promise<number> {
  const { recover } = await import("./flow/recover.ts");
  const { endingPorts } = await import("./recover-ports.ts");
  const { ask } = await import("./io/ask.ts");
  const { release, namespace, kubeContext, output } = options;
  const flags = [
    ...(namespace === undefined ? [] : [`--namespace=${namespace}`]),
    ...(kubeContext === undefined ? [] : [`--kube-context=${kubeContext}`]),
  ];
  const access = clusterAccess(parseArgv(flags, GLOBAL_FLAGS), resolveSettings([], host.env), host);
  // JSON is alone on stdout.
  const helm = () => ({ ...host.helm(), ...(output === "json" && { stdout: 2 as const }) });
  try {
    const ports = await endingPorts({ host, release, openApi: access.openNewApi });
    try {
      const askHere = (question: string) => ask(question, host.terminal);
      return await recover(options, {
        ...ports,
        ask: host.isInteractive ? askHere : undefined,
        print: (line) => host.writeOut(`${line}\n`),
        rollBack: (revision) => {
          const hooks = options.isWithoutHooks ? ["--no-hooks"] : [];
          const argv = ["rollback", release, String(revision), ...hooks, ...flags];
          return tell(argv, [0], "rollback", { ...host, helm });
        },
      });
    } finally {
      ports.close();
    }
  } finally {
    access.close();
  }
}

async function printPlan(argv: readonly string[], help: () => void, host: Host): Promise<number> {
  const { reportPlan } = await import("./flow/plan.ts");
  const table = new Map([...verbFlags("upgrade"), ["detailed-exitcode", "none"] as const]);
  const parsed = await parseHelmWords(argv, "upgrade", table, host);
  if (isSwitchedOn(parsed, "help")) help();
  const request = requireRequest(parsed, "plan RELEASE CHART");
  const output = chooseOutput(parsed, ["table", "json"]);
  const report = await withDeployPorts(parsed, host, (ports) =>
    reportPlan(request, { output }, ports),
  );
  host.writeOut(report.text);
  for (const warning of report.warnings) host.say(`warning: ${warning}`);
  return report.hasChanges && isSwitchedOn(parsed, "detailed-exitcode") ? 2 : 0;
}

async function printValues(argv: readonly string[], help: () => void, host: Host): Promise<void> {
  const { carriedValues } = await import("./flow/carried-values.ts");
  const parsed = await parseHelmWords(argv, "upgrade", verbFlags("upgrade"), host);
  if (isSwitchedOn(parsed, "help")) help();
  const [release, ...more] = parsed.positionals;
  const request =
    release !== undefined && more.length === 0
      ? { release }
      : requireRequest(parsed, "values RELEASE [CHART]");
  const output = chooseOutput(parsed, ["yaml", "json"]);
  const carried = await withDeployPorts(parsed, host, (ports) => carriedValues(request, ports));
  host.writeOut(
    output === "json" ? `${JSON.stringify(carried, null, 2)}\n` : await toYaml(carried),
  );
}

async function preview(argv: readonly string[], help: () => void, host: Host): Promise<void> {
  const { previewMessages } = await import("./flow/preview.ts");
  const { createWording } = await import("./render/wording.ts");
  // Installing names the release or not, and looks up none.
  const parsed = await parseHelmWords(argv, "install", verbFlags("install"), host);
  if (isSwitchedOn(parsed, "help")) help();
  const request =
    toDeployRequest("install", parsed) ?? badArguments("preview [RELEASE] CHART", parsed);
  const output = chooseOutput(parsed, ["text", "json"]);
  const plan = await withDeployPorts(parsed, host, (ports) => planDeploy(request, ports));
  const { say, problems } = await createWording(plan.settings.messages);
  for (const problem of problems) host.say(`warning: ${problem}`);
  host.writeOut(
    previewMessages(
      {
        release: plan.release ?? plan.recordAfter.chart.name,
        namespace: namespaceOf(parsed, host),
        record: plan.recordAfter,
        output,
        isColoured: host.isColoured,
      },
      say,
    ),
  );
}

function namespaceOf(parsed: ParsedArgv, host: Host): string {
  return flagValue(parsed, "namespace") ?? (host.env["HELM_NAMESPACE"] || "default");
}

async function withDeployPorts<T>(
  parsed: ParsedArgv,
  host: Host,
  use: (ports: DeployPorts) => Promise<T>,
): Promise<T> {
  const settings = resolveSettings(parsed.own, host.env);
  const access = clusterAccess(parsed, settings, host);
  try {
    return await use(deployPorts(parsed, settings, host.readStdin, access));
  } finally {
    access.close();
  }
}

/** Strings in quotes: Helm reads YAML 1.1, where 1.10, on and 0777 are no strings. */
async function toYaml(values: Values): Promise<string> {
  const { stringify } = await import("yaml");
  return stringify(values, {
    version: "1.1",
    defaultStringType: "QUOTE_DOUBLE",
    defaultKeyType: "PLAIN",
    lineWidth: 0,
  });
}

function requireRequest(parsed: ParsedArgv, usage: string): DeployRequest {
  return toDeployRequest("upgrade", parsed) ?? badArguments(usage, parsed);
}

function badArguments(usage: string, parsed: ParsedArgv): never {
  const given = parsed.positionals.map((word) => `"${word}"`).join(", ") || "nothing";
  throw new NotifyError("BAD_ARGUMENTS", `a release and a chart are needed, ${given} was given`, {
    hint: `Use it like this: helm notify ${usage} [flags of helm upgrade].`,
  });
}

function chooseOutput<Name extends string>(
  parsed: ParsedArgv,
  names: readonly [Name, ...Name[]],
): Name {
  const text = flagValue(parsed, "output");
  const name = text === undefined ? names[0] : names.find((known) => known === text);
  if (name !== undefined) return name;
  throw new NotifyError("BAD_FLAG", `--output is "${text}"`, {
    hint: `Use ${names.join(" or ")}.`,
  });
}

async function init(folder: string, options: { dryRun: boolean }, host: Host): Promise<void> {
  const { initChart } = await import("./flow/init.ts");
  const { changeChart, readChartTree } = await import("./io/chart-files.ts");
  const { readLibraryChart } = await import("./io/library-chart.ts");
  const { readChart } = await import("./helm/chart/chart-reader.ts");
  await initChart(
    folder,
    { isDryRun: options.dryRun },
    {
      readChartTree,
      changeChart,
      readLibrary: readLibraryChart,
      readChart: async (chart) => readChart({ chart, chartFlags: [] }, askHelm(host)),
      print: (line) => host.writeOut(`${line}\n`),
    },
  );
}

/** None where there is no helm-notify.yaml, or not a valid one: whoever types is not to be told of it. */
async function knownNames() {
  const { readDeployment } = await import("./environment-ports.ts");
  try {
    const { environments, services } = readDeployment(".").config;
    return { environments: Object.keys(environments), services: Object.keys(services) };
  } catch (error) {
    if (error instanceof NotifyError) return { environments: [], services: [] };
    throw error;
  }
}

/** Completions in cobra's protocol. */
export async function completeWords(words: readonly string[], host: Host): Promise<HelmExit> {
  const { complete } = await import("./cli/completion.ts");
  const { program } = await ownProgram(host);
  const completion = complete(words, program, await knownNames());
  if (completion.kind === "answer") {
    host.writeOut(`${completion.lines.join("\n")}\n`);
    return { kind: "exited", code: 0 };
  }
  const { code, stdout } = await askHelm(host)(completion.argv);
  host.writeOut([...completion.alsoOwn.map((line) => `${line}\n`), stdout].join(""));
  return { kind: "exited", code };
}
