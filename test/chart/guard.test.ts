import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import { TEXTS } from "../../src/render/texts.ts";
import { render, temporaryFolder, writeChart } from "../support/rendering.ts";
import { SHOP } from "../support/shop-chart.ts";

const STAGING = ["-f", `${SHOP}/staging.yaml`];
const set = (...pairs: string[]) => pairs.flatMap((pair) => ["--set", pair]);

/** As --set cannot say it, for which braces are a list. */
function wording(messages: object): string[] {
  const files = { "values.yaml": { "helm-notify": { messages } } };
  return [...STAGING, "-f", `${writeChart(temporaryFolder(), files)}/values.yaml`];
}

/** What Helm says, without its warnings and its prefix. */
function complaint(stderr: string): string {
  return /^Error: (?:execution error at \(\S+\): )?(.*)$/ms.exec(stderr)?.[1] ?? stderr;
}

describe.each(HELM_MAJORS)("with Helm %i a render is refused", (major) => {
  it.each<[string, string[], string]>([
    [
      "without an environment",
      [],
      "helm-notify: environment is empty: set helm-notify.environment to where this deploys to, for example production",
    ],
    [
      "with a blank environment",
      set("helm-notify.environment= "),
      "helm-notify: environment is empty: set helm-notify.environment to where this deploys to, for example production",
    ],
    [
      "without slack.secretRef",
      [...STAGING, ...set("helm-notify.slack.secretRef=")],
      "helm-notify: slack.secretRef is empty: set helm-notify.slack.secretRef to the name of a Secret that holds webhookUrl, or botToken and channel",
    ],
    [
      "without services",
      [
        ...STAGING,
        ...["api", "web", "worker", "scheduler", "mailer"].flatMap((name) =>
          set(`helm-notify.services.${name}=null`),
        ),
      ],
      "helm-notify: no services: say under helm-notify.services where each image tag stands, for example api: {tag: api.image.tag}",
    ],
    [
      "with an empty tag",
      [...STAGING, ...set("api.image.tag=")],
      "helm-notify: service api has no tag: api.image.tag is empty: set it (--set api.image.tag=TAG), or deploy with `helm notify upgrade`, which keeps the live tag",
    ],
    [
      "with a tag that null took out",
      [...STAGING, ...set("api.image.tag=null")],
      "helm-notify: service api has no tag: api.image.tag is not set: set it (--set api.image.tag=TAG), or deploy with `helm notify upgrade`, which keeps the live tag",
    ],
    [
      "with a map for a tag",
      [...STAGING, ...set("api.image.tag.name=1")],
      "helm-notify: service api has no tag: api.image.tag is a map: let helm-notify.services.api.tag name the key that holds the tag",
    ],
    [
      "with a list for a tag",
      [...STAGING, ...set("api.image.tag={1,2}")],
      "helm-notify: service api has no tag: api.image.tag is a list: let helm-notify.services.api.tag name the key that holds the tag",
    ],
    [
      "with a tag no registry accepts",
      [...STAGING, ...set("api.image.tag=1 2")],
      'helm-notify: service api: api.image.tag gives the tag "1 2", which no registry accepts: use letters, digits, ".", "_" and "-", 128 at most',
    ],
    [
      "with an image that has no tag",
      [...STAGING, ...set("apiImage=shop/api", "helm-notify.services.api.tag=apiImage")],
      'helm-notify: service api has no tag: apiImage is "shop/api", an image without a tag: write it as shop/api:TAG',
    ],
    [
      "with a path that does not exist",
      [...STAGING, ...set("helm-notify.services.api.tag=api.imge.tag")],
      "helm-notify: service api: helm-notify.services.api.tag says api.imge.tag, but the values hold no api.imge: correct the path",
    ],
    [
      "with a list item that does not exist",
      [...STAGING, ...set("jobs[0].tag=1", "helm-notify.services.api.tag=jobs[1].tag")],
      "helm-notify: service api: helm-notify.services.api.tag says jobs[1].tag, but the values hold no jobs[1]: correct the path",
    ],
    [
      "with a revision below a map that does not exist",
      [...STAGING, ...set("helm-notify.services.api.revision=git.api.revision")],
      "helm-notify: service api: helm-notify.services.api.revision says git.api.revision, but the values hold no git: correct the path",
    ],
    [
      "with an image path that does not exist",
      [...STAGING, ...set("helm-notify.services.api.image=api.image.name")],
      "helm-notify: service api: helm-notify.services.api.image says api.image.name, but the values hold no api.image.name: correct the path",
    ],
    [
      "with a digest path that is a map",
      [...STAGING, ...set("helm-notify.services.api.digest=api.image")],
      "helm-notify: service api: helm-notify.services.api.digest says api.image, which is a map: name the key that holds the text",
    ],
    [
      "with a thread that is none",
      [...STAGING, ...set("slack.api=main", "helm-notify.services.api.thread=slack.api")],
      'helm-notify: service api: slack.api is "main", which is no thread: write what `helm notify announce` prints, CHANNEL/TS, or leave it empty',
    ],
    [
      "with a thread that is a map",
      [...STAGING, ...set("helm-notify.services.api.thread=api.image")],
      "helm-notify: service api: helm-notify.services.api.thread says api.image, which is a map: name the key that holds the text",
    ],
    [
      "with everything that is wrong, at once",
      set("api.image.tag=", "web.image.tag="),
      [
        "helm-notify: these values cannot be announced:",
        "  - environment is empty: set helm-notify.environment to where this deploys to, for example production",
        "  - service api has no tag: api.image.tag is empty: set it (--set api.image.tag=TAG), or deploy with `helm notify upgrade`, which keeps the live tag",
        "  - service web has no tag: web.image.tag is empty: set it (--set web.image.tag=TAG), or deploy with `helm notify upgrade`, which keeps the live tag",
      ].join("\n"),
    ],
  ])("%s", async (_, argv, expected) => {
    const { code, stdout, stderr } = await render(major, SHOP, argv);
    expect({ code, stdout, complaint: complaint(stderr).split("\n\n")[0]?.trimEnd() }).toEqual({
      code: 1,
      stdout: "",
      complaint: expected,
    });
  });

  it.each([
    ["{{release", "has 1 of {{ and 0 of }}: close what is open"],
    ["release}}", "has 0 of {{ and 1 of }}: close what is open"],
    ["}} {{", "has }} before {{: pair them"],
    [
      "{{#if revision}}x",
      "opens the blocks [if] and closes []: end each {{#block}} with {{/block}}",
    ],
    [
      "{{~#each services}}{{/if}}",
      "opens the blocks [each] and closes [if]: end each {{#block}} with {{/block}}",
    ],
  ])("by the braces of a text: %s", async (template, problem) => {
    const { code, stderr } = await render(major, SHOP, wording({ start: template }));
    expect(code).toBe(1);
    expect(complaint(stderr).split("\n")[0]).toBe(
      `helm-notify: helm-notify.messages.start ${problem}`,
    );
  });

  it("not for a text whose braces are in order", async () => {
    const texts = {
      start: "{{#if revision}}{{{release}}}{{else if other}}{{^}}{{~/if~}} and }",
      footer: "{{!-- {{ --}}{{#each list}}{{#if (lookup . 'a')}}{{this}}{{/if}}{{/each}}",
    };
    const { code, stderr } = await render(major, SHOP, wording(texts));
    expect(code, stderr).toBe(0);
  });

  it.each<[string, string, RegExp]>([
    ["an unknown setting", "helm-notify.environmnt=x", /environmnt/],
    ["an unknown setting of a service", "helm-notify.services.api.path=x", /path/],
    ["a service without a tag path", "helm-notify.services.new.source=x", /tag/],
    [
      "a setting that is gone",
      "helm-notify.failurePolicy=ignore",
      /dditional propert.*failurePolicy/,
    ],
    ["a text that is never said", "helm-notify.messages.strat=x", /"?strat[^]*digest-only/],
    ["a text that is a number", "helm-notify.messages.start=1", /start/],
    ["a label that is a switch", "helm-notify.podLabels.mesh=true", /mesh/],
    ["a label that Kubernetes refuses", "helm-notify.podLabels.mesh=a/b", /mesh/],
    ["a node selector that is a number", "helm-notify.nodeSelector.zone=1", /zone/],
    ["a quantity that is none", "helm-notify.resources.limits.memory=64MB", /memory/],
    ["a toleration nobody knows", "helm-notify.tolerations[0].operator=Exist", /operator/],
    [
      "a variable that is a number",
      "helm-notify.extraEnv[0].name=A,helm-notify.extraEnv[0].value=1",
      /extraEnv/,
    ],
    ["a watch of no time", "helm-notify.watchSeconds=0", /watchSeconds/],
    ["a deadline of no time", "helm-notify.deadlineSeconds=0", /deadlineSeconds/],
    ["a switch that is a text", "helm-notify.enabled=maybe", /enabled/],
    ["services taken out as a whole", "helm-notify.services=null", /services/],
  ])("by the schema: %s", async (_, pair, expected) => {
    const { code, stdout, stderr } = await render(major, SHOP, [...STAGING, "--set", pair]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(complaint(stderr)).toMatch(/^values don't meet the specifications .*\nhelm-notify:\n/);
    expect(complaint(stderr)).toMatch(expected);
  });
});

it("the schema knows every text that can be worded, and no other", () => {
  const schema = readFileSync(`${SHOP}/charts/helm-notify/values.schema.json`, "utf8");
  expect(JSON.parse(schema).definitions.textName.enum).toEqual(Object.keys(TEXTS));
});
