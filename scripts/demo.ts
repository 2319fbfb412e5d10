// npm run demo: the main job on a real Helm, against a Kubernetes API and a Slack in this process.
import { type Deployer, openBed, openDeployer } from "../test/support/bed.ts";
import { toTranscript } from "../test/support/slack/transcript.ts";
import { build } from "./build.ts";
import { chooseHelm, show, title } from "./story.ts";

const major = chooseHelm(process.argv.slice(2));
await build(console.log);
const bed = await openBed();
const deployer = await openDeployer(bed, major);
try {
  await showDemo(deployer);
} finally {
  await deployer.close();
  await bed.close();
}

async function showDemo({ slack }: Deployer): Promise<void> {
  const shop = ["shop", "./chart", "-f", "chart/staging.yaml"];
  slack.onMessage((message) => show("magenta", toTranscript(message)));

  title("A shop of five services is installed");
  const first = ["-f", "chart/first-deploy.yaml"];
  await deploy(["notify", "upgrade", "--install", ...shop, ...first], 0);

  title("One service is upgraded; the other four keep what is live");
  const api = set(
    "api.image.tag=1.4.0",
    "api.image.revision=9f8e7d6c5b4a39281706f5e4d3c2b1a098765432",
  );
  await deploy(["notify", "plan", ...shop, ...api], 0);
  await deploy(["notify", "upgrade", ...shop, ...api], 0);

  title("The next one names another service: api stays at 1.4.0");
  const web = set(
    "web.image.tag=2.9.0",
    "web.image.revision=0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
  );
  await deploy(["notify", "upgrade", ...shop, ...web], 0);

  title("An upgrade fails: a smoke test says no, and Slack says what became of it, and why");
  const mailer = set("mailer.image.tag=1.1.0", "failingHook=true");
  await deploy(["notify", "upgrade", ...shop, ...mailer], 1);

  title("Rolled back with plain helm, which waits for nobody: a pod says what really changed");
  const isTold = new Promise<void>((resolve) => {
    slack.onMessage(({ text }) => {
      if (text.includes("Rolled back")) resolve();
    });
  });
  await deploy(["rollback", "shop", "3"], 0);
  await isTold;
}

async function deploy(argv: readonly string[], expected: number): Promise<void> {
  show("bold", `\n$ helm ${argv.join(" ")}`);
  const { code } = await deployer.helm(argv, { onOutput: (text) => process.stdout.write(text) });
  if (code !== expected) throw new Error(`helm ended with ${code}, not with ${expected}`);
}

function set(...pairs: string[]): string[] {
  return pairs.flatMap((pair) => ["--set", pair]);
}
