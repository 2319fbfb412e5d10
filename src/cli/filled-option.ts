import { Option } from "commander";
import { NotifyError } from "../domain/errors.ts";

/** An option that refuses the empty text: an unset variable of a CI is a mistake, not a wish. */
export function filled(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string) => {
    if (value !== "") return value;
    throw new NotifyError("BAD_FLAG", `${flags.split(" ")[0]} is empty`, {
      hint: "Check the variable of the CI that it comes from, or leave it out.",
    });
  });
}
