// Every text a person reads, as a Handlebars template over the view (view.ts). Nothing is escaped here: the view's values
// are already safe for Slack. A chart may have its own wording under `helm-notify.messages`, by these names.
export const TEXTS = {
  // The headlines: of a run that begins, then by its outcome.
  start:
    "{{#if isRollback}}Rolling back *{{release}}* in{{else if isUninstall}}Uninstalling *{{release}}* from{{else}}Deploying *{{release}}* to{{/if}} *{{place}}*",
  applied:
    "✅ {{#if isRollback}}Rolled back *{{release}}* in{{else if isUninstall}}Uninstalled *{{release}}* from{{else}}Applied *{{release}}* to{{/if}} *{{place}}*{{#if duration}} in {{duration}}{{/if}}",
  "rolled-out":
    "✅ {{#if isRollback}}Rolled back *{{release}}* in{{else if isUninstall}}Uninstalled *{{release}}* from{{else}}Deployed *{{release}}* to{{/if}} *{{place}}*{{#if duration}} in {{duration}}{{/if}}",
  "not-applied":
    "❌ Failed: {{action}} of *{{release}}* in *{{place}}*{{#if duration}} after {{duration}}{{/if}}, nothing was {{#if isUninstall}}removed{{else}}applied{{/if}}",
  failed:
    "❌ Failed: {{action}} of *{{release}}* in *{{place}}*{{#if duration}} after {{duration}}{{/if}}{{#unless isUninstall}}, what was applied is still there{{/unless}}",
  "rolled-back":
    "❌ Failed: {{action}} of *{{release}}* in *{{place}}*{{#if duration}} after {{duration}}{{/if}}, {{#if toRevision}}rolled back to revision {{toRevision}}{{else}}Helm undid it{{/if}}",
  interrupted:
    "⚠️ Interrupted: {{action}} of *{{release}}* in *{{place}}*{{#if duration}} after {{duration}}{{/if}}",
  unknown:
    "⚠️ Nobody saw how the {{action}} of *{{release}}* in *{{place}}* ended: it failed, was interrupted, or still runs",

  // A lock that did not stop it; without `why` it was plain helm, which knows of none.
  "passed lock":
    "🔓 Although {{#if by}}{{by}}{{else}}somebody{{/if}} had locked it: {{reason}}{{#if why}}. Overridden: {{why}}{{/if}}",

  // One line of the announcement, by kind of change.
  changed:
    "*{{name}}*  {{#unless isSameTag}}{{from}} → {{/unless}}{{to}}{{#if compare}}  ({{compare}}){{/if}}{{#if image}}  now from {{image}}{{/if}}{{#if isDowngrade}}  ⚠️ downgrade{{/if}}{{#if droppedCommits}}  ⚠️ drops {{droppedCommits}} live {{#if isOneDropped}}commit{{else}}commits{{/if}}{{/if}}{{#if isSameDigest}}  (same digest: the image is the same){{else if isSameCode}}  (no code change){{/if}}",
  rebuilt:
    "*{{name}}*  {{from}} → {{to}}  ({{#if isSameDigest}}same digest: the image is the same{{else}}same revision{{/if}})",
  "digest-only": "*{{name}}*  {{to}}  (digest {{fromDigest}} → {{toDigest}})",
  renamed:
    "*{{name}}*  {{#unless isSameTag}}{{from}} → {{/unless}}{{to}}  (renamed from {{fromName}})",
  added: "*{{name}}*  {{to}}{{#if isNew}}  (new){{/if}}",
  removed: "*{{name}}*  {{from}}{{#if isRemoved}}  (removed){{/if}}",

  // The same in passing, for the confirmation and for notifications.
  "short changed":
    "{{name}} {{#unless isSameTag}}{{from}} → {{/unless}}{{to}}{{#if image}} from {{image}}{{/if}}{{#if isSameDigest}} (same digest){{else if isDowngrade}} (downgrade){{/if}}",
  "short rebuilt":
    "{{name}} {{from}} → {{to}} (same {{#if isSameDigest}}digest{{else}}revision{{/if}})",
  "short digest-only": "{{name}} {{to}} (new digest)",
  "short renamed": "{{name}} {{#unless isSameTag}}{{from}} → {{/unless}}{{to}} (was {{fromName}})",
  "short added": "{{name}} {{to}}{{#if isNew}} (new){{/if}}",
  "short removed": "{{name}}{{#if isRemoved}} removed{{else}} {{from}}{{/if}}",

  more: "+{{count}} more",
  none: "no service changed",

  // What came with a service's new revision, newest first.
  commits: "*{{name}}*: {{count}} {{#if isOne}}commit{{else}}commits{{/if}}",
  commit: "• {{revision}} {{subject}}{{#if author}} – {{author}}{{/if}}",

  // Why a run failed.
  hook: "{{kind}} *{{name}}*{{#if reason}}: {{reason}}{{/if}}",
  pod: "Pod *{{pod}}*{{#if container}}, container {{container}}{{/if}}: {{reason}}{{#if image}}, {{image}}{{/if}}{{#if detail}}: {{detail}}{{/if}}",
  event: "{{about}}: {{reason}}: {{detail}}",
  missing: "could not be read: {{what}}",

  footer:
    "{{#if actor}}by {{actor}} · {{/if}}{{#if run}}{{run}} · {{/if}}{{#if revision}}revision {{revision}} · {{/if}}namespace {{namespace}}{{#if chart}} · chart {{chart}}{{/if}}{{#if isFirst}} · first install{{/if}}{{#if unchanged}} · {{unchanged}} unchanged{{/if}}",
  "before unknown": "what ran before is not known",
  "rollout unknown": "the rollout was not waited for, or not seen",
  recovered:
    "{{#if recoverer}}recovered by {{recoverer}}{{else}}recovered{{/if}}: revision {{revision}} was left pending, and is marked as failed",
  late: "late{{#if time}}: this began {{time}}{{/if}}",
} as const;

export type TextName = keyof typeof TEXTS;

export function isTextName(name: string): name is TextName {
  return Object.hasOwn(TEXTS, name);
}

type Variables = Readonly<Record<string, string>>;

const RUN = {
  action: "install, upgrade, rollback or uninstall",
  isRollback: "",
  isUninstall: "",
  isFirst: "nothing was there before",
  release: "",
  namespace: "",
  environment: "as the chart names it",
  place: "the environment, else the namespace",
  chart: "name and version",
  revision: "Helm's revision that the run makes",
  toRevision: "the revision that Helm went back to by itself",
  unchanged: "how many services stay as they are",
  actor: "who began it, as the CI says",
  run: "a link to the CI run",
  duration: "of an ended run",
  time: "when it began, in the reader's time zone",
} as const satisfies Variables;
const CHANGE = {
  name: "of the service",
  from: "the tag before, linked to its commit",
  to: "the tag now, linked to its commit",
  fromName: "the name before",
  isSameTag: "",
  isNew: "there was a release without it before",
  isRemoved: "the release stays, without it",
  compare: "a link to what came with it",
  image: "the repository, where it is another one",
  fromDigest: "",
  toDigest: "",
  isSameDigest: "the image is the same, whatever its tags",
  isDowngrade: "",
  droppedCommits: "how many commits were live and are no longer part of it",
  isOneDropped: "",
  isSameCode: "another revision without a commit between them",
} as const satisfies Variables;
const COUNT = { count: "" } as const satisfies Variables;
const NOTHING = {} as const satisfies Variables;

/** What a template of each text may name, and what that is where the name does not tell. */
export const TEXT_VARIABLES = {
  start: RUN,
  applied: RUN,
  "rolled-out": RUN,
  "not-applied": RUN,
  failed: RUN,
  "rolled-back": RUN,
  interrupted: RUN,
  unknown: RUN,
  "passed lock": { by: "who had locked it", reason: "of the lock", why: "of the override" },
  changed: CHANGE,
  rebuilt: CHANGE,
  "digest-only": CHANGE,
  renamed: CHANGE,
  added: CHANGE,
  removed: CHANGE,
  "short changed": CHANGE,
  "short rebuilt": CHANGE,
  "short digest-only": CHANGE,
  "short renamed": CHANGE,
  "short added": CHANGE,
  "short removed": CHANGE,
  more: COUNT,
  none: NOTHING,
  commits: { ...COUNT, name: "of the service", isOne: "" },
  commit: { revision: "linked to its page", subject: "", author: "" },
  hook: { kind: "of the resource: Job", name: "", reason: "" },
  pod: { pod: "its name", container: "", reason: "", image: "", detail: "what the cluster says" },
  event: { about: "", reason: "", detail: "what the cluster says" },
  missing: { what: "could not be read, and why" },
  footer: RUN,
  "before unknown": NOTHING,
  "rollout unknown": NOTHING,
  recovered: { recoverer: "who did it, as the CI says", revision: "Helm's revision" },
  late: RUN,
} as const satisfies Readonly<Record<TextName, Variables>>;
