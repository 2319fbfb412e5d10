// Stands in for docker, of which there is none where tests run: builds nothing, and pushes an image with its labels into
// the real registry. As docker does, it logs in with a password from stdin only and pushes nothing without.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { pushImage } from "./registry/push.ts";

// The same images, at a registry that asks for no password.
const { DOCKER_DOUBLE_HOST = "", DOCKER_DOUBLE_FOLDER = "" } = process.env;
const login = join(DOCKER_DOUBLE_FOLDER, "login");
const built = join(DOCKER_DOUBLE_FOLDER, "built.json");

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    username: { type: "string" },
    "password-stdin": { type: "boolean" },
    tag: { type: "string" },
    label: { type: "string", multiple: true },
  },
});
const [command = "", subject = ""] = positionals;

switch (command) {
  case "login":
    if (!values["password-stdin"]) throw new Error("no password on stdin");
    if (`${values.username}:${readFileSync(0, "utf8")}` !== "jane:right") {
      throw new Error("unauthorized: incorrect username or password");
    }
    writeFileSync(login, subject);
    break;
  case "build": {
    if (!existsSync(join(subject, "Dockerfile"))) throw new Error("failed to read dockerfile");
    const labels = (values.label ?? []).map(
      (label) => /^([^=]+)=(.*)$/s.exec(label)?.slice(1) ?? [],
    );
    writeFileSync(built, JSON.stringify({ [values.tag ?? ""]: Object.fromEntries(labels) }));
    break;
  }
  case "push": {
    const [, host = "", name = "", tag = ""] = /^([^/]+)\/(.*):([^:]+)$/.exec(subject) ?? [];
    const Labels = JSON.parse(readFileSync(built, "utf8"))[subject];
    if (Labels === undefined) throw new Error(`An image does not exist locally: ${subject}`);
    if (readFileSync(login, "utf8") !== host) throw new Error("denied: not logged in");
    await pushImage(DOCKER_DOUBLE_HOST, name, tag, { config: { Labels } });
    break;
  }
  default:
    throw new Error(`docker: '${command}' is not a docker command`);
}
