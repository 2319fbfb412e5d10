// Secrets out of what programs and Kubernetes say, before it goes anywhere. They are known by their looks: a password that
// stands alone among words is not. Rather a word too many hidden than a key too few.

/** The same text with `***` for what looks secret, and without colours and control characters. */
export function redact(text: string): string {
  return RULES.reduce((rest, [pattern, safe]) => rest.replace(pattern, safe), toPlain(text));
}

/** All of it as one line of `limit` characters at most. */
export function redactLine(text: string, limit: number): string {
  return shorten(redact(text).replaceAll(/\s+/g, " ").trim(), limit);
}

/** The last lines, the oldest first: as many as `limits` allow. Empty ones are left out. */
export function redactLog(
  text: string,
  limits: { readonly lines: number; readonly lineLength: number; readonly length: number },
): string[] {
  const lines = redact(text)
    .split("\n")
    .map((line) => shorten(line.trimEnd(), limits.lineLength))
    .filter((line) => line !== "")
    .slice(-limits.lines);
  let length = 0;
  const lastOver = lines.findLastIndex((line) => (length += line.length) > limits.length);
  return lines.slice(lastOver + 1);
}

function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  // Never half of a surrogate pair.
  return `${text.slice(0, limit - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
}

/* oxlint-disable no-control-regex -- control characters are what is looked for */
// Escape sequences of terminals: https://ecma-international.org/publications-and-standards/standards/ecma-48/
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b\n]*(?:\u0007|\u001b\\)?|[@-Z\\^_])/g;
// All but the line break; with the marks that turn the direction of writing.
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/* oxlint-enable no-control-regex */

function toPlain(text: string): string {
  // A return alone starts the line anew: a progress bar.
  return text
    .replaceAll(ESCAPES, "")
    .replaceAll(/\r+\n?/g, "\n")
    .replaceAll("\t", "  ")
    .replaceAll(CONTROLS, "");
}

// The end of a key whose value is secret: `tokens: 15`, `token_type=` and `secretName:` are others.
const KEY =
  "(?:pass(?:word|wd|phrase|code)|[_-]pass|\\bpwd|secret|token|credentials?" +
  "|(?:api|access|private|secret|encryption|signing|account|shared|master|auth)[_ .-]?key(?:[_-]base)?)";
const IS = "\\s{0,3}(?::=|=>|[:=])\\s{0,3}";
// Nothing to hide, or words of a sentence: `invalid token: not found`.
const WORD =
  "(?:(?:null|nil|none|undefined|true|false|not|is|was|has|must|expired|invalid|missing|unexpected|required" +
  "|permission|unable|cannot|failed|could|the)(?=[\\s:,;.)}\\]]|$)|\\*{3})";

// What is repeated is bounded, or cannot be matched in two ways: anything of 16 KiB takes milliseconds.
const RULES: readonly (readonly [RegExp, string])[] = [
  // The window of a log may show one end of a key, or its middle. A digest has no capitals.
  [
    /-----BEGIN [A-Z ]*PRIVATE KEY[A-Z ]*-----[^]*?(?:-----END [A-Z ]*PRIVATE KEY[A-Z ]*-----|$)/g,
    "***",
  ],
  [/^[^]*-----END [A-Z ]*PRIVATE KEY[A-Z ]*-----/g, "***"],
  [/^(?=.*[A-Z])(?=.*[a-z])[A-Za-z0-9+/]{60,}={0,2}$/gm, "***"],

  [/(\bhooks\.slack(?:-gov)?\.com\/)[^\s"'<>\\]+/g, "$1***"],
  // A password may hold a slash; but `:4873/` begins no password, it is a port.
  [/(:\/\/[^\s:/@"'<>\\]{0,100}:)(?!\d{1,5}[/?#])[^\s"'<>]{1,500}@(?=[\w.[-])/g, "$1***@"],
  // A token in the place of the user.
  [/(:\/\/)[^\s:/@"'<>\\]{16,500}@/g, "$1***@"],
  // https://github.com/go-sql-driver/mysql#dsn-data-source-name
  [/\b([\w.-]{1,64}:)[^\s@]{1,200}@(tcp|unix)\(/g, "$1***@$2("],
  [/([?&](?:sig|signature|x-amz-(?:signature|security-token)|code|key)=)[^\s&"'<>]+/gi, "$1***"],

  [/(\b(?:authorization|cookie)\\?["']?\s{0,3}[:=]\s{0,3}\\?["']?)[^\s"'\\][^\n"'\\]*/gi, "$1***"],
  // Not "basic authentication": a token has digits, or capitals inside, or is long.
  [
    /\b((?:[Bb]earer|BEARER|[Bb]asic|BASIC) )(?=\S*\d|\S*[a-z][A-Z]|\S{25})[\w.~+/=-]{8,}/g,
    "$1***",
  ],

  // A value in quotes that are themselves escaped, in quotes, without.
  [new RegExp(`(${KEY}\\\\+["']${IS}\\\\+["']).+?(\\\\+["']|$)`, "gim"), "$1***$2"],
  [new RegExp(`(${KEY}["']?${IS}")(?:[^"\\\\\\n]|\\\\.)+`, "gi"), "$1***"],
  [new RegExp(`(${KEY}["']?${IS}')[^'\\n]+`, "gi"), "$1***"],
  [
    new RegExp(
      `(${KEY}(?:${IS}|["']${IS}(?=\\d)))(?!${WORD})[^\\s"'{[<$,;&\\\\](?:[^\\s,;&"'\\\\]|,(?!\\s|$))*`,
      "gi",
    ),
    "$1***",
  ],
  [new RegExp(`(--[\\w-]{0,30}${KEY} )[^\\s-]\\S*`, "gi"), "$1***"],
  // Beside such a word, what looks random is enough.
  [
    new RegExp(`(${KEY} (?:[a-z]{1,10} ){0,3}["']?)(?=\\w*\\d)(?=\\w*[a-z])[\\w+/]{20,}=*`, "gi"),
    "$1***",
  ],

  // By the marks of those who issue them.
  [/\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)*/g, "***"],
  [/\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}/g, "***"],
  [/\bx(?:ox[a-z]|app)-[\w.-]{8,}/g, "***"],
  [
    /\b(?:gh[pousr]_|github_pat_|gl[a-z]{2,8}-|npm_|dckr_pat_|hv[bs]\.|[rs]k_(?:live|test)_|sk-|SG\.|AIza)[\w.-]{16,}/g,
    "***",
  ],
];
