// Every text a person reads, as a Handlebars template over the view (view.ts). Nothing is escaped here: the view's values
// are already safe for Slack.
export const TEXTS = {
  start:
    "{{#if isRollback}}Rolling back *{{release}}* in{{else}}Deploying *{{release}}* to{{/if}} *{{environment}}*",
  end: "{{#if isRollback}}Rolled back *{{release}}* in{{else if isApplied}}Applied *{{release}}* to{{else}}Deployed *{{release}}* to{{/if}} *{{environment}}*",

  // One line of the announcement, by kind of change.
  changed:
    "*{{name}}*  {{#unless isSameTag}}{{from}} → {{/unless}}{{to}}{{#if compare}}  ({{compare}}){{/if}}{{#if image}}  now from {{image}}{{/if}}",
  rebuilt: "*{{name}}*  {{from}} → {{to}}  (rebuilt, same revision)",
  "digest-only": "*{{name}}*  {{to}}  (digest {{fromDigest}} → {{toDigest}})",
  added: "*{{name}}*  {{to}}{{#if isNew}}  (new){{/if}}",
  removed: "*{{name}}*  {{from}}  (removed)",

  // The same in passing, for the confirmation and for notifications.
  "short changed":
    "{{name}} {{#unless isSameTag}}{{from}} → {{/unless}}{{to}}{{#if image}} from {{image}}{{/if}}",
  "short rebuilt": "{{name}} {{from}} → {{to}} (rebuilt)",
  "short digest-only": "{{name}} {{to}} (new digest)",
  "short added": "{{name}} {{to}}{{#if isNew}} (new){{/if}}",
  "short removed": "{{name}} removed",

  more: "+{{count}} more",
  none: "no service changed",
  footer:
    "{{#if revision}}{{#if isRollback}}as in {{/if}}revision {{revision}} · {{/if}}namespace {{namespace}} · chart {{chart}}{{#if isFirst}} · first install{{/if}}{{#if unchanged}} · {{unchanged}} unchanged{{/if}}",
  unknown: "what ran before is not known",
  applied: "the rollout was not waited for",
} as const;

export type TextName = keyof typeof TEXTS;
