// The user's own wording of a commit, a Handlebars template over the view.
import Handlebars from "handlebars";
import type { CommitView } from "../domain/commit-message.ts";
import { NotifyError } from "../domain/errors.ts";

/** Fills the template. Refuses one that names what the view does not have, and an empty result. */
export function fillCommitTemplate(template: string, view: CommitView): string {
  let text: string;
  try {
    text = Handlebars.compile<CommitView>(template, { noEscape: true, strict: true })(view);
  } catch (error) {
    throw badTemplate(error instanceof Error ? error.message : String(error));
  }
  if (text.trim() === "") throw badTemplate("it comes out empty");
  return text;
}

function badTemplate(problem: string): NotifyError {
  return new NotifyError("BAD_TEMPLATE", `--message is not usable: ${problem}`, {
    hint: "Use {{environment}}, {{subject}}, {{body}}, and {{#each services}} with {{name}} and {{tag}}.",
  });
}
