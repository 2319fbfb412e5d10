// One cable between this machine and the cluster, and no default route: nothing in the cluster can reach any other.
import { execFileSync } from "node:child_process";
import { API_ADDRESS, type Place } from "./place.ts";
import { inside, type Sandbox } from "./sandbox.ts";

/** The machine's end goes away with the sandbox. */
export function connect(place: Place, sandbox: Sandbox): void {
  const { hostLink, nodeLink, hostAddress, nodeAddress, podRange } = place;
  const run = (line: string) => execute(line.split(" "));
  const runInside = (line: string) => execute([...inside(sandbox), ...line.split(" ")]);

  run(`ip link add ${hostLink} type veth peer name ${nodeLink} netns ${sandbox.pid}`);
  run(`ip address add ${hostAddress}/30 dev ${hostLink}`);
  run(`ip link set ${hostLink} up`);
  runInside(`ip address add ${nodeAddress}/30 dev ${nodeLink}`);
  runInside(`ip link set ${nodeLink} up`);
  runInside("ip link set lo up");
  // The API server listens on the address of its own Service: no kube-proxy is needed.
  runInside(`ip address add ${API_ADDRESS}/32 dev lo`);
  execute([...inside(sandbox), "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"]);
  run(`ip route add ${podRange} via ${nodeAddress} dev ${hostLink}`);
}

function execute([file = "", ...argv]: readonly string[]): void {
  execFileSync(file, argv, { cwd: "/", stdio: ["ignore", "ignore", "inherit"] });
}
