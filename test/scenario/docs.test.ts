// What the docs show is what happens.
import { readFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { toConfigSchema } from "../../scripts/config-schema.ts";
import { toReference } from "../../scripts/docs.ts";
import { toPicture } from "../../scripts/message-picture.ts";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import { openDeployer, succeed } from "../support/bed.ts";
import { run } from "../support/process.ts";
import { useBed } from "../support/use-bed.ts";

const ROOT = join(import.meta.dirname, "../..");
const README = readFileSync(join(ROOT, "README.md"), "utf8");

const bed = useBed();

it("the reference is what the executable says", () => {
  expect(readFileSync(join(ROOT, "docs/reference.md"), "utf8"), "run npm run docs").toBe(
    toReference(),
  );
});

it("the schema for editors is what a helm-notify.yaml is checked by", () => {
  const written: unknown = JSON.parse(
    readFileSync(join(ROOT, "docs/helm-notify.schema.json"), "utf8"),
  );
  expect(written, "run npm run docs").toEqual(toConfigSchema());
});

it("the picture of a message is what the hook sends", () => {
  expect(readFileSync(join(ROOT, "docs/message.svg"), "utf8"), "run npm run docs").toBe(
    toPicture(),
  );
});

it.each(HELM_MAJORS)(
  "the README's commands work as shown, one after the other, on Helm %i",
  async (major) => {
    const shop = await openDeployer(bed(), major);
    try {
      const use = README.slice(README.indexOf("## Use"), README.indexOf("### What is carried"));
      const [initBlock = "", deployBlock = ""] = codeBlocks(use, "sh");
      const [settings = ""] = codeBlocks(use, "yaml");
      const cwd = join(shop.folder, "work");
      writeChart(join(cwd, "chart"));
      writeFileSync(join(cwd, "staging.yaml"), "{}\n");
      const shell = async (line: string) => {
        const { code, stdout, stderr } = await run(["sh", "-c", line], {
          env: shop.env,
          cwd,
        });
        expect(code, `${line}\n${stdout}${stderr}`).toBe(0);
        return stdout;
      };
      for (const line of commands(initBlock)) await shell(line);
      writeFileSync(join(cwd, "chart/values.yaml"), `${VALUES}${settings}`);
      await shell("helm install shop ./chart --set api.image.tag=1.3.2");
      const printed: string[] = [];
      const [secret = "", ...deploys] = commands(deployBlock);
      await succeed(shop.kubectl(["delete", "secret", "slack"]));
      await succeed(
        shop.kubectl(
          secret
            .replace(/https:.*/, shop.slack.webhookUrl)
            .split(" ")
            .slice(1),
        ),
      );
      for (const line of deploys) printed.push(await shell(line));
      expect(printed[0]).toMatch(/api +1\.3\.2 → 1\.4\.0 +--set/);
      // The last one is plain helm's, which the chart's pod tells.
      await expect
        .poll(() => shop.transcripts().join("\n"))
        .toMatch(/Rolled back shop in staging[^]*api +1\.4\.0 → 1\.3\.2/);
    } finally {
      await shop.close();
    }
  },
);

const VALUES = "api:\n  image: {repository: registry.example.com/api, tag: '', revision: ''}\n";

function writeChart(folder: string): void {
  mkdirSync(join(folder, "templates"), { recursive: true });
  writeFileSync(join(folder, "Chart.yaml"), "apiVersion: v2\nname: shop\nversion: 1.0.0\n");
  writeFileSync(join(folder, "values.yaml"), VALUES);
  writeFileSync(
    join(folder, "templates/config-map.yaml"),
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: {tag: {{ .Values.api.image.tag | quote }}}\n",
  );
}

function codeBlocks(markdown: string, language: string): string[] {
  return [...markdown.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(
    ([, code = ""]) => code,
  );
}

function commands(block: string): string[] {
  return block.split("\n").filter((line) => /^(?:helm|kubectl) /.test(line));
}
