// The block of settings that `init` writes into a chart's values.yaml.
import { stringify } from "yaml";
import type { Service } from "../domain/service.ts";
import { formatPath } from "../domain/values.ts";

/**
 * Renders the block: what must be filled in is empty, and what was detected is spelt out to be corrected by hand; `untagged`
 * as a comment.
 */
export function toValuesBlock(
  key: string,
  services: readonly Service[],
  untagged: readonly Service[],
): string {
  const lines = [
    "# Tells Slack what a deploy changes. All settings: charts/helm-notify/values.yaml",
    `${key}:`,
    "  # Where this deploys to, for example production. Required; best set in each environment's own values file.",
    '  environment: ""',
    "  slack:",
    "    # An existing Secret that holds webhookUrl, or botToken and channel. Required.",
    '    secretRef: ""',
    "  # Where the values hold each image tag; `revision` (of Git) and `digest` are looked for beside it. Take out what",
    "  # is not yours to announce. `source: https://git.example.com/acme/api` links tags to commits.",
    ...toServiceLines(services),
    ...toCommentLines(untagged),
  ];
  return `${lines.join("\n")}\n`;
}

function toServiceLines(services: readonly Service[]): readonly string[] {
  if (services.length === 0) {
    return [
      "  # No image tag was found in the values: name them, for example api: { tag: api.image.tag }",
      "  services: {}",
    ];
  }
  const entries = services.map((service) => [service.name, toEntry(service)] as const);
  return stringify({ services: Object.fromEntries(entries) }, { lineWidth: 0 })
    .trimEnd()
    .split("\n")
    .map((line) => `  ${line}`);
}

function toCommentLines(services: readonly Service[]): readonly string[] {
  if (services.length === 0) return [];
  const entries = services.map(({ name, tag }) => `    # ${name}: { tag: ${formatPath(tag)} }`);
  return [
    "    # Their tags are empty, and the templates take something else then. Give them one to have them announced.",
    ...entries,
  ];
}

/** Only what the library chart would not find by itself. */
function toEntry({ tag, image, fallback }: Service): Readonly<Record<string, string>> {
  const isUsualImage = /^(?:repository|image)$/.test(String(image?.at(-1) ?? "image"));
  return {
    tag: formatPath(tag),
    ...(image === undefined || isUsualImage ? {} : { image: formatPath(image) }),
    ...(fallback === undefined ? {} : { fallback }),
  };
}
