// The shop's release in words, and its Deployment that is not ready until a test lets it be.
import { type Deployer, succeed } from "./bed.ts";

/** What the Secret says of a bot: it edits what it posted, and replies. */
export const BOT = ({ botToken }: { botToken: string }) => ({ botToken, channel: "C0DEPLOYS" });

/** As staging has them. */
export function shopValues({ chart, slack }: Deployer): string[] {
  const apiUrl = `helm-notify.slack.apiUrl=${slack.apiUrl}`;
  return ["-f", `${chart}/staging.yaml`, "--set", apiUrl];
}

/** `upgrade shop CHART` with those values; `more` is given last. */
export function upgradeShop(shop: Deployer, ...more: string[]): string[] {
  return ["upgrade", "shop", shop.chart, ...shopValues(shop), ...more];
}

/** Until a Helm that was given `notReady=true` and `--wait` waits. */
export async function untilHelmWaits({ kubectl }: Deployer): Promise<void> {
  await succeed(kubectl(["wait", "--for=create", "deployment/shop-not-ready", "--timeout=100s"]));
}

export async function letItBeReady({ kubectl }: Deployer): Promise<void> {
  const image = "not-ready=registry.example.com/shop/ready:1.0.0";
  await succeed(kubectl(["set", "image", "deployment/shop-not-ready", image]));
}
