// npm run cluster -- up|down|status: a real Kubernetes for the scenarios, or the one you name.
import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { NotifyError } from "../src/domain/errors.ts";
import { clusterStatus, stopCluster } from "../test/cluster/cluster.ts";
import { cacheFolder, placeOf } from "../test/cluster/place.ts";
import { openCluster, readChoice } from "../test/cluster/reachable-cluster.ts";

const USAGE = `npm run --silent cluster -- up | down | status

up      starts a cluster of one node on this machine (as root; the first time it is built, about five minutes),
        prints one line of JSON: kubeconfig, slackHost (this machine as pods reach it). Twice is the same as once.
down    takes all of it away; --purge: the cache of what was built for tests, too
status  prints one line of JSON: state, kubeconfig, slackHost, processes

--number N          another cluster beside the first (0 to 200)
--kubeconfig PATH   your own cluster instead, never taken from KUBECONFIG: tests create and delete namespaces in it
                    (also HELM_NOTIFY_CLUSTER_KUBECONFIG). Its nodes need dist/helm-notify-hook.oci.tar.
--slack-host HOST   this machine as its pods reach it (also HELM_NOTIFY_CLUSTER_SLACK_HOST)`;

const fromEnvironment = readChoice(process.env);
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    number: { type: "string", default: String(fromEnvironment.number) },
    kubeconfig: { type: "string", default: fromEnvironment.kubeconfig },
    "slack-host": { type: "string", default: fromEnvironment.slackHost },
    purge: { type: "boolean", default: false },
  },
});
const choice = {
  kubeconfig: values.kubeconfig,
  slackHost: values["slack-host"],
  number: Number(values.number),
};

try {
  await run(positionals.join(" "));
} catch (error) {
  if (!(error instanceof NotifyError)) throw error;
  log(error.hint === undefined ? error.message : `${error.message}. ${error.hint}`);
  process.exitCode = 1;
}

async function run(command: string): Promise<void> {
  const place = placeOf(choice.number);
  if (command === "up") {
    print(await openCluster(choice, log));
  } else if (command === "down") {
    // A cluster of the user's is not ours to stop.
    if (choice.kubeconfig === "") await stopCluster(place);
    if (values.purge) rmSync(cacheFolder(), { recursive: true, force: true });
  } else if (command === "status") {
    print({ kubeconfig: place.kubeconfig, slackHost: place.hostAddress, ...clusterStatus(place) });
  } else {
    log(USAGE);
    process.exitCode = 2;
  }
}

function print(result: object): void {
  console.log(JSON.stringify(result));
}

function log(line: string): void {
  console.error(line);
}
