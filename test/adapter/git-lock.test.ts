// Several who bump in one work tree.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { withLock } from "../../src/git/lock.ts";
import { createDeadline } from "../../src/io/deadline.ts";

const DEAD = 4_000_000;

function openFolder(left?: string) {
  const folder = mkdtempSync(join(tmpdir(), "lock-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "helm-notify.lock");
  if (left !== undefined) writeFileSync(file, left);
  const said: string[] = [];
  const hold = <T>(pid: number, use: () => Promise<T>, ms = 100_000) =>
    withLock(
      file,
      {
        pid,
        isRunning: (other) => other !== DEAD,
        deadline: createDeadline(ms),
        say: (line) => void said.push(line),
      },
      use,
    );
  return { file, folder, said, hold };
}

const later = Date.now() + 1_000_000;

it("one comes after the other, and says whom it waits for", async () => {
  const { file, said, hold } = openFolder();
  const done: number[] = [];
  const { promise: started, resolve: start } = Promise.withResolvers<void>();
  const { promise: end, resolve: finish } = Promise.withResolvers<void>();
  const first = hold(1, async () => {
    start();
    await end;
    done.push(1);
  });
  await started;
  const second = hold(2, async () => void done.push(2));
  await expect
    .poll(() => said)
    .toEqual([
      `waiting for another helm notify that commits in this work tree (process 1 on ${hostname()})`,
    ]);
  finish();
  await Promise.all([first, second]);
  expect(done).toEqual([1, 2]);
  expect(existsSync(file)).toBe(false);
});

describe("what a killed one has left is taken away by one of many", () => {
  it.each([
    ["its process is gone", `${hostname()} ${DEAD} ${later}\n`],
    ["its number is now that of one of us", `${hostname()} 13 ${later}\n`],
    ["its deadline on another machine is over", `elsewhere 5 ${Date.now() - 1}\n`],
  ])("%s", async (_, left) => {
    const { folder, hold } = openFolder(left);
    let running = 0;
    const most: number[] = [];
    await Promise.all(
      Array.from({ length: 8 }, (_one, index) =>
        hold(10 + index, async () => {
          most.push(++running);
          await new Promise(setImmediate);
          running--;
        }),
      ),
    );
    expect(most).toEqual(Array(8).fill(1));
    expect(readdirSync(folder)).toEqual([]);
  });
});

it.each([
  ["runs", `${hostname()} 1 ${later}\n`, `(process 1 on ${hostname()})`],
  ["runs elsewhere", `elsewhere ${DEAD} ${later}\n`, `(process ${DEAD} on elsewhere)`],
  ["has not said who it is", "", "no end came of another helm notify"],
])("nothing is done while another %s, until the deadline", async (_, left, who) => {
  const { file, hold } = openFolder(left);
  const held = hold(2, () => Promise.reject(new Error("it is not ours")), 300);
  await expect(held).rejects.toMatchObject({
    code: "WORK_TREE_BUSY",
    message: expect.stringContaining(who),
    hint: expect.stringContaining(`remove ${file}`),
  });
  expect(existsSync(file)).toBe(true);
});
