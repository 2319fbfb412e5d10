// The program behind the test charts' hook image: `fail`, `sleep`, or read a ConfigMap with the pod's own token.
import { readFileSync } from "node:fs";
import { get } from "node:https";
import { join } from "node:path";

const [command = "", name = ""] = process.argv.slice(2);
const directory = process.env["KUBE_DIR"] ?? "";
const read = (file: string) => readFileSync(join(directory, file), "utf8");

switch (command) {
  case "fail":
    process.stdout.write("the probe was told to fail\n");
    process.exitCode = 1;
    break;
  case "sleep":
    process.stdout.write(`sleeping as ${process.pid}\n`);
    setTimeout(() => {}, 60_000);
    break;
  default: {
    const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
    const url = `https://${host}:${port}/api/v1/namespaces/${read("namespace")}/configmaps/${name}`;
    const headers = { authorization: `Bearer ${read("token")}` };
    get(url, { ca: read("ca.crt"), headers }, (response) => {
      response.resume();
      process.stdout.write(`${process.env["GREETING"]}: ${name} is ${response.statusCode}\n`);
      process.exitCode = response.statusCode === 200 ? 0 : 1;
    });
  }
}
