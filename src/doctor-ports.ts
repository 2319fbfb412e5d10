// The edges that a set-up is looked at with.
import * as z from "zod/mini";
import { resolveSettings } from "./cli/settings.ts";
import { askHelm } from "./deploy-ports.ts";
import { NotifyError } from "./domain/errors.ts";
import { openEnvironment } from "./environment-cluster.ts";
import { readDeployment } from "./environment-ports.ts";
import { type DoctorPorts, type DoctorReport, type DoctorRequest, examine } from "./flow/doctor.ts";
import type { DoctorCluster } from "./flow/doctor-release.ts";
import type { SendHttp } from "./flow/ports.ts";
import type { Host } from "./host.ts";
import { createDeadline } from "./io/deadline.ts";
import { createOutgoingHttp } from "./io/http.ts";
import { isAllowed } from "./kube/access-review.ts";
import { getConfigMap } from "./kube/config-maps.ts";
import { findCause } from "./kube/failure.ts";
import type { KubeApi } from "./kube/kube-api.ts";
import { getSecret } from "./kube/secrets.ts";
import { storageKind } from "./release/storage.ts";
import { tagChecker } from "./tags-ports.ts";
import { checkSlackAccess } from "./transport/slack-check.ts";
import { findSlack, findSlackInSecret, isSlackInEnvironment } from "./slack-credentials.ts";

/** Refuses what is asked for wrongly; all else that is wrong is in the report. */
export async function runDoctor(
  request: DoctorRequest,
  host: Host,
  folder: string,
): Promise<DoctorReport> {
  const { env } = host;
  const { timeoutMs } = resolveSettings([], env);
  const http = createOutgoingHttp(env);
  const opened: KubeApi[] = [];
  try {
    return await examine(request, {
      readHelmVersion: async () => {
        const argv = ["version", "--template", "{{.Version}}"];
        const { code, stdout, stderr } = await askHelm(host)(argv);
        if (code === 0) return stdout.trim();
        throw new NotifyError("HELM_NOT_STARTED", `helm version failed: ${stderr.trim()}`, {
          hint: "Run helm version: it must work first.",
        });
      },
      readDeployment: () => readIfExists(folder),
      readChart: async (chart) => {
        const reader = await import("./helm/chart/chart-reader.ts");
        return reader.readChart({ chart, chartFlags: [] }, askHelm(host));
      },
      openCluster: clusterOpener(host, timeoutMs, opened),
      hasTag: tagChecker(host),
      storage: storageKind(env["HELM_DRIVER"]),
      ...credentialPorts(env, http.send),
      createDeadline: () => createDeadline(timeoutMs),
      now: new Date(),
    });
  } finally {
    for (const api of opened) api.close();
    http.close();
  }
}

function readIfExists(folder: string): ReturnType<DoctorPorts["readDeployment"]> {
  try {
    return readDeployment(folder);
  } catch (error) {
    if (error instanceof NotifyError && error.code === "NO_CONFIG") return undefined;
    throw error;
  }
}

const versionInfo = z.object({ gitVersion: z.string() });

function clusterOpener(
  host: Host,
  timeoutMs: number,
  opened: KubeApi[],
): DoctorPorts["openCluster"] {
  return async (environment): Promise<DoctorCluster> => {
    const { api, origin, lookUpRelease } = await openEnvironment(environment, host, timeoutMs);
    opened.push(api);
    return {
      namespace: api.namespace,
      origin,
      readVersion: async (signal) => {
        const answer = versionInfo.safeParse(await api.request({ path: "/version", signal }));
        return answer.data?.gitVersion ?? "of an unknown version";
      },
      isAllowed: (right, signal) => isAllowed(api, right, signal),
      readConfigMap: (name, signal) => getConfigMap(api, name, signal),
      readSecret: (name, signal) => getSecret(api, name, signal),
      lookUpRelease,
      findCause: (name, since, deadline) => {
        const workloads = [{ kind: "ReplicaSet", name }] as const;
        return findCause(
          api,
          { since, description: undefined, hook: undefined, workloads },
          deadline,
        );
      },
    };
  };
}

/** The same credentials as those of a deploy: see `reportPorts`. */
function credentialPorts(
  env: Host["env"],
  send: SendHttp,
): Pick<DoctorPorts, "hasCredentials" | "checkCredentials"> {
  return {
    hasCredentials: isSlackInEnvironment(env),
    checkCredentials: async (secret, slack, at, signal) => {
      const access =
        secret === undefined ? findSlack(env, slack) : findSlackInSecret(env, slack, secret.data);
      const source = secret === undefined ? "the environment" : `Secret ${secret.name}`;
      if (access) return checkSlackAccess(access, source, at, send, signal);
      const keys = Object.keys(secret?.data ?? {}).join(", ");
      const has = keys === "" ? "" : `; its keys are ${keys}`;
      return at.problem(
        `${source} has neither a webhookUrl nor a botToken with a channel${has}`,
        "Add webhookUrl, or botToken and channel.",
      );
    },
  };
}
