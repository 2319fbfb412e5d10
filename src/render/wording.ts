// Fills the texts: ours, or those of a chart.
import type Handlebars from "handlebars";
import { compileText, type Template } from "./compiled-texts.ts";
import { cut } from "./mrkdwn.ts";
import { isTextName, TEXT_VARIABLES, type TextName } from "./texts.ts";

export type View = Readonly<Record<string, string | number | boolean | undefined>>;
export type Say = (name: TextName, view: View) => string;

const compiled = new Map<TextName, Template>();

export const say: Say = (name, view) => {
  const template = compiled.get(name) ?? compileText(name);
  compiled.set(name, template);
  return template(view);
};

export interface Wording {
  readonly say: Say;
  /** What is wrong with the templates, a line each: the default text stands in for those. */
  readonly problems: readonly string[];
}

/**
 * The texts of a chart over ours, each at most as long as a section. A template that cannot be filled, or says nothing, gives
 * way to the default text.
 */
export async function createWording(templates: Readonly<Record<string, string>>): Promise<Wording> {
  const entries = Object.entries(templates);
  // The compiler is most of the bundle's Handlebars, and few charts have texts of their own.
  if (entries.length === 0) return { say, problems: [] };
  const { default: Handlebars } = await import("handlebars");
  const problems: string[] = [];
  const own = new Map<TextName, Template>();
  for (const [name, text] of entries) {
    if (!isTextName(name)) {
      problems.push(`messages has no text ${JSON.stringify(name)}`);
      continue;
    }
    try {
      const template = compileTemplate(text, Handlebars.compile);
      tryOut(name, template);
      own.set(name, template);
    } catch (error) {
      problems.push(`messages.${name} cannot be used: ${reasonOf(error)}; the default is used`);
    }
  }
  return { say: (name, view) => fill(own.get(name), view) || say(name, view), problems };
}

// A ConfigMap could hold a longer one, and no text needs it.
const TEMPLATE_LIMIT = 10_000;
// https://github.com/handlebars-lang/handlebars-parser/blob/master/src/handlebars.l: what begins a partial or a decorator.
// Without them and without loops, a template cannot say more than it is long.
const PARTIAL = /\{\{~?#?[>*]/;
// `log` writes to stdout, which is Helm's; no value is a list.
const HELPERS = { log: false, each: false };

function compileTemplate(text: string, compile: typeof Handlebars.compile): Template {
  if (text.length > TEMPLATE_LIMIT)
    throw new Error(`it is longer than ${TEMPLATE_LIMIT} characters`);
  if (PARTIAL.test(text)) throw new Error("partials and decorators are not known here");
  const template = compile<View>(text, {
    noEscape: true,
    knownHelpersOnly: true,
    knownHelpers: HELPERS,
    // Says which name is not known.
    strict: true,
  });
  const options = { allowProtoPropertiesByDefault: false, allowProtoMethodsByDefault: false };
  return (view) => template(view, options);
}

/** With everything known and with nothing known: a mistake shows before anything is told. */
function tryOut(name: TextName, template: Template): void {
  const names = Object.keys(TEXT_VARIABLES[name]);
  const texts = ["x", ""].map((value) =>
    template(Object.fromEntries(names.map((variable) => [variable, value]))),
  );
  if (texts.every((text) => text.trim() === "")) throw new Error("it says nothing");
}

// What a section takes: https://docs.slack.dev/reference/block-kit/blocks/section-block
const TEXT_LIMIT = 3000;

function fill(template: Template | undefined, view: View): string {
  if (template === undefined) return "";
  try {
    const text = template(view).toWellFormed();
    return cut(text.replaceAll(/[^\P{Cc}\n]/gu, " ").trim(), TEXT_LIMIT);
  } catch {
    return "";
  }
}

/** One line: Handlebars draws an arrow below the first. */
function reasonOf(error: unknown): string {
  const [line = ""] = String(error instanceof Error ? error.message : error).split("\n");
  const unknown = /^"(.*)" not defined|unknown helper (\S+)/.exec(line);
  return unknown === null
    ? line.replace(/:$/, "")
    : `nothing is called ${unknown[1] ?? unknown[2]}`;
}
