// npm run cluster itself, on a second cluster beside the one of the other tests.
import { existsSync, globSync, readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { run } from "../support/process.ts";
import { openNamespace } from "./namespace.ts";
import { placeOf } from "./place.ts";

const SCRIPT = join(import.meta.dirname, "../../scripts/cluster.ts");
const NUMBER = 200;
const place = placeOf(NUMBER);

const cluster = async (...argv: readonly string[]) => {
  const finished = await run([process.execPath, SCRIPT, ...argv]);
  return { ...finished, answer: finished.stdout === "" ? {} : JSON.parse(finished.stdout) };
};
afterAll(() => cluster("down", "--number", String(NUMBER)));

it("a cluster comes up, is mended, and goes away without a trace", async () => {
  const up = await cluster("up", "--number", String(NUMBER));
  expect(up.answer).toEqual({ kubeconfig: place.kubeconfig, slackHost: "10.111.200.1" });

  const namespace = await openNamespace(place.kubeconfig);
  const labels = ["namespace", namespace.name, "pod-security.kubernetes.io/enforce-"];
  await namespace.kubectl(["label", ...labels]);
  const image = "--image=registry.example.com/any/name:and-tag";
  await namespace.kubectl(["create", "deployment", "idle", image]);
  await namespace.kubectl(["rollout", "status", "deployment/idle", "--timeout=60s"]);

  const { answer: before } = await cluster("status", "--number", String(NUMBER));
  expect(before.state).toBe("up");
  process.kill(before.processes.etcd, "SIGKILL");
  await expect.poll(() => status()).toBe("broken");
  expect((await cluster("up", "--number", String(NUMBER))).answer).toEqual(up.answer);
  expect(await status()).toBe("up");

  expect(await cluster("down", "--number", String(NUMBER))).toMatchObject({ code: 0, stderr: "" });
  expect(await status()).toBe("down");
  expect(existsSync(place.folder)).toBe(false);
  expect(globSync(`/sys/fs/cgroup/{,*/}${place.cgroup}`)).toEqual([]);
  expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(place.folder);
  expect(Object.keys(networkInterfaces())).not.toContain(place.hostLink);
});

it("a cluster of the user's is taken as it is, and left alone", async () => {
  const { answer } = await cluster("up", "--number", String(NUMBER));
  const own = ["--kubeconfig", answer.kubeconfig];
  expect(await cluster("up", ...own)).toMatchObject({ answer, stderr: "" });
  expect(await cluster("up", ...own, "--slack-host", "here.test")).toMatchObject({
    answer: { slackHost: "here.test" },
  });
  await cluster("down", "--number", String(NUMBER), ...own);
  expect(await status()).toBe("up");
});

it("a cluster that does not answer is refused", async () => {
  expect(await cluster("up", "--kubeconfig", "/nonexistent")).toMatchObject({
    code: 1,
    stdout: "",
    stderr: "the cluster of /nonexistent does not answer\n",
  });
});

async function status(): Promise<string> {
  return (await cluster("status", "--number", String(NUMBER))).answer.state;
}
