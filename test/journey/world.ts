// What the journey happens in: Kubernetes, a registry with a password and an authority of its own, a Git server behind SSH, all
// of them real; and a Slack. Everything it opens is closed by the stack that it is given.
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { type HelmMajor, helmPath, kubectlPath } from "../../scripts/toolbox.ts";
import { toArchive } from "../../scripts/image/oci.ts";
import { busyboxPath, type Log } from "../cluster/debian.ts";
import { idleImage } from "../cluster/idle-registry.ts";
import { placeOf } from "../cluster/place.ts";
import { ctrCommand, removeImages, trustRegistry } from "../cluster/private-registry.ts";
import { openCluster, readChoice } from "../cluster/reachable-cluster.ts";
import { findSandbox } from "../cluster/sandbox.ts";
import { HELM_NOTIFY, succeed } from "../support/bed.ts";
import {
  type DeploymentRepository,
  openDeploymentRepository,
} from "../support/deployment-repository.ts";
import { type Finished, run, type RunOptions } from "../support/process.ts";
import { HTPASSWD, startRegistry } from "../support/registry/real-registry.ts";
import { copyShopChart } from "../support/shop-chart.ts";
import { type SlackDouble, startSlack } from "../support/slack/double.ts";
import { type Sshd, startSshd } from "../support/ssh/sshd.ts";

export type Environment = "staging" | "production";
const ENVIRONMENTS: readonly Environment[] = ["staging", "production"];

type Variables = Readonly<Record<string, string>>;

export interface World {
  /** As it stands in front of an image's name. */
  readonly registry: string;
  readonly slack: SlackDouble;
  readonly deployment: DeploymentRepository;
  readonly namespaces: Readonly<Record<Environment, string>>;
  /** What jobs of a CI may get. */
  readonly secrets: Readonly<Record<"login" | "deployKey" | "slackBot", Variables>>;
  /** Where everybody works; `deploy` in it is the clone of the deployment repository. */
  readonly home: string;
  /** Runs a line in a shell, on a machine with `helm`, its plugin, `helm-notify`, `git` and `ctr`. */
  readonly shell: (line: string, options?: RunOptions) => Promise<Finished>;
  readonly kubeconfig: string;
  readonly kubectl: (environment: Environment, argv: readonly string[]) => Promise<Finished>;
  /** Puts a built image into `home` and returns its digest; it idles, unless it is to start a program. */
  readonly buildImage: (
    archive: string,
    name: string,
    service: Service,
    program: string | undefined,
  ) => string;
}

export interface Service {
  readonly tag: string;
  readonly revision: string;
}

interface Wish {
  readonly major: HelmMajor;
  /** What the deployment repository declares before the story begins, for both environments. */
  readonly beginning: Readonly<Record<string, Service>>;
  /** Ends every command. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

const ROOT = join(import.meta.dirname, "../..");
// Of test/support/registry/real-registry.ts.
const USER = "jane";
const PASSWORD = "right";
const CHANNEL = "#deploys";
const COMMAND_LIMIT_MS = 180_000;

export async function openWorld(
  stack: AsyncDisposableStack,
  { major, beginning, signal, log }: Wish,
): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "helm-notify-journey-"));
  // A command that was killed may have left one that is ending still.
  stack.defer(() => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  const { kubeconfig, slackHost, place, sandbox } = await openNode(log);

  const slack = await startSlack({ host: slackHost });
  stack.defer(() => slack.stop());
  const registry = await startLockedRegistry(folder, slackHost);
  stack.defer(() => registry.stop());
  stack.defer(trustRegistry(place, registry.host, registry.ca));
  stack.defer(() => removeImages(sandbox, registry.host));
  const sshd = await startSshd();
  stack.defer(() => sshd.stop());

  const home = join(folder, "home");
  const env = writeHome(home, major, { sshd, ctr: ctrCommand(sandbox), registry, kubeconfig });
  const runHere = async (command: readonly string[], options: RunOptions = {}) =>
    run(command, {
      cwd: home,
      timeoutMs: COMMAND_LIMIT_MS,
      ...options,
      env: { ...env, ...options.env },
    });

  const suffix = randomBytes(2).toString("hex");
  const namespaces = { staging: `staging-${suffix}`, production: `production-${suffix}` };
  const kubectl = kubectlPath(major);
  for (const name of Object.values(namespaces)) {
    stack.defer(async () => {
      const remove = ["delete", "namespace", name, "--ignore-not-found", "--wait=false"];
      await succeed(runHere([kubectl, ...remove]));
    });
    const objects = JSON.stringify(namespaceObjects(name, slack, registry.host));
    const apply = ["apply", "--server-side", "--force-conflicts", "-f", "-"];
    await succeed(runHere([kubectl, ...apply], { stdin: objects }));
  }

  const files = deploymentFiles(folder, { beginning, namespaces, slack, registry: registry.host });
  const deployment = await openDeploymentRepository(sshd, files);
  stack.defer(() => deployment.close());
  return {
    registry: registry.host,
    slack,
    deployment,
    namespaces,
    secrets: {
      login: { REGISTRY_USER: USER, REGISTRY_PASSWORD: PASSWORD },
      deployKey: {
        HELM_NOTIFY_SSH_KEY: readFileSync(sshd.key, "utf8"),
        HELM_NOTIFY_KNOWN_HOSTS: sshd.knownHosts,
      },
      slackBot: {
        HELM_NOTIFY_SLACK_BOT_TOKEN: slack.botToken,
        HELM_NOTIFY_SLACK_CHANNEL: CHANNEL,
        HELM_NOTIFY_SLACK_API_URL: slack.apiUrl,
      },
    },
    home,
    shell: async (line, options) => runHere(["sh", "-c", line], { ...options, signal }),
    kubeconfig,
    kubectl: async (environment, argv) =>
      runHere([kubectl, "-n", namespaces[environment], ...argv], { signal }),
    buildImage: (archive, name, { tag, revision }, program) => {
      const Labels = {
        "org.opencontainers.image.source": `https://github.com/acme/${name}`,
        "org.opencontainers.image.revision": revision,
      };
      const image = idleImage(readFileSync(busyboxPath()), {
        Labels,
        ...(program !== undefined && { Cmd: [program] }),
      });
      const content = toArchive(image, `${registry.host}/shop/${name}:${tag}`);
      writeFileSync(join(home, archive), content);
      return image.manifest.digest;
    },
  };
}

/** Always one of ours: the node of another would have to be told of the registry. */
async function openNode(log: Log) {
  const { number } = readChoice(process.env);
  const place = placeOf(number);
  const cluster = await openCluster({ kubeconfig: "", slackHost: "", number }, log);
  const sandbox = findSandbox(place);
  if (sandbox === undefined) throw new Error("the cluster has ended");
  return { ...cluster, place, sandbox };
}

async function startLockedRegistry(folder: string, address: string) {
  const storage = join(folder, "images");
  mkdirSync(storage);
  const path = join(folder, "htpasswd");
  writeFileSync(path, HTPASSWD);
  const config = { auth: { htpasswd: { realm: "shop", path } } };
  return startRegistry({ storage, address, config });
}

interface Machine {
  readonly sshd: Sshd;
  readonly ctr: string;
  readonly registry: { readonly host: string; readonly ca: string };
  readonly kubeconfig: string;
}

/** Returns the environment of who works there. */
function writeHome(
  home: string,
  major: HelmMajor,
  { sshd, ctr, registry, kubeconfig }: Machine,
): Variables {
  for (const name of ["bin", ".docker", "data/plugins"]) {
    mkdirSync(join(home, name), { recursive: true });
  }
  const write = (name: string, text: string) => {
    writeFileSync(join(home, name), text);
    return join(home, name);
  };
  symlinkSync(ROOT, join(home, "data/plugins/helm-notify"));
  symlinkSync(helmPath(major), join(home, "bin/helm"));
  symlinkSync(kubectlPath(major), join(home, "bin/kubectl"));
  symlinkSync(HELM_NOTIFY, join(home, "bin/helm-notify"));
  const path = process.env["PATH"] ?? "";
  chmodSync(write("bin/ctr", `#!/bin/sh\nPATH='${path}' exec ${ctr} "$@"\n`), 0o755);
  const auths = { [registry.host]: { username: USER, password: PASSWORD } };
  write(".docker/config.json", JSON.stringify({ auths }));
  const knownHosts = write("known_hosts", sshd.knownHosts);
  const ssh = `ssh -i ${sshd.key} -o IdentitiesOnly=yes -o UserKnownHostsFile=${knownHosts}`;
  write(".gitconfig", `[core]\n\tsshCommand = ${ssh}\n`);
  return {
    PATH: [join(home, "bin"), dirname(process.execPath), path].join(delimiter),
    HOME: home,
    TMPDIR: home,
    KUBECONFIG: kubeconfig,
    KUBECACHEDIR: join(home, "kube-cache"),
    HELM_CACHE_HOME: join(home, "cache"),
    HELM_CONFIG_HOME: join(home, "config"),
    HELM_DATA_HOME: join(home, "data"),
    SSL_CERT_FILE: write("ca.pem", registry.ca),
    GIT_CONFIG_NOSYSTEM: "1",
    NO_COLOR: "1",
  };
}

/** A namespace that may pull the shop's images, with a way to Slack. */
function namespaceObjects(name: string, { botToken }: SlackDouble, registry: string): object {
  const v1 = (kind: string, own: string, more: object = {}) => {
    return { apiVersion: "v1", kind, metadata: { name: own, namespace: name }, ...more };
  };
  const auths = { [registry]: { username: USER, password: PASSWORD } };
  const items = [
    { apiVersion: "v1", kind: "Namespace", metadata: { name } },
    v1("Secret", "slack", { stringData: { botToken, channel: CHANNEL } }),
    v1("Secret", "registry", {
      type: "kubernetes.io/dockerconfigjson",
      stringData: { ".dockerconfigjson": JSON.stringify({ auths }) },
    }),
    v1("ServiceAccount", "default", { imagePullSecrets: [{ name: "registry" }] }),
  ];
  return { apiVersion: "v1", kind: "List", items };
}

interface Contents extends Pick<World, "slack" | "registry" | "namespaces"> {
  readonly beginning: Wish["beginning"];
}

/** Of the deployment repository: chart, environments, and what helm-notify is to know of them. */
function deploymentFiles(folder: string, contents: Contents): Variables {
  const { beginning, namespaces, slack, registry } = contents;
  const chart = copyShopChart(join(folder, "chart"));
  const chartFiles = globSync("**/*.*", { cwd: chart }).map((path) => [
    join("chart", path),
    readFileSync(join(chart, path), "utf8"),
  ]);
  const services = Object.entries(beginning);
  const values = (environment: Environment) => [
    "helm-notify:",
    `  environment: ${environment}`,
    ...services.flatMap(([name, { tag, revision }]) => [
      "",
      `${name}:`,
      "  image:",
      `    tag: "${tag}" # written by helm-notify`,
      `    revision: ${revision}`,
    ]),
    "",
  ];
  return {
    ...Object.fromEntries(chartFiles),
    "helm-notify.yaml": [
      "environments:",
      `  staging: { values: environments/staging.yaml, release: shop, namespace: ${namespaces.staging} }`,
      "  production:",
      "    values: environments/production.yaml",
      "    release: shop",
      `    namespace: ${namespaces.production}`,
      "    promoteFrom: staging",
      "services:",
      "  api: # its CI bumps staging",
      `    image: ${registry}/shop/api`,
      "    source: https://github.com/acme/api",
      "  web: # the scheduled update does",
      `    image: ${registry}/shop/web`,
      "    source: https://github.com/acme/web",
      "    policy: { semver: ^2.8 }",
      "",
    ].join("\n"),
    "environments/base.yaml": [
      "helm-notify:",
      `  slack: { apiUrl: "${slack.apiUrl}" }`,
      ...services.map(([name]) => `${name}: { image: { repository: ${registry}/shop/${name} } }`),
      "",
    ].join("\n"),
    ...Object.fromEntries(
      ENVIRONMENTS.map((name) => [`environments/${name}.yaml`, values(name).join("\n")]),
    ),
  };
}
