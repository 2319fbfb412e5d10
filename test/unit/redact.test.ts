import { describe, expect, it } from "vitest";
import { redact, redactLine, redactLog } from "../../src/domain/redact.ts";

// Put together at run time: these must not look like secrets to those who search repositories for them.
const AWS_KEY_ID = ["AKIA", "IOSFODNN7EXAMPLE"].join("");
const JWT = ["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIn0", "dozjgNryP4J3jVmNHl0w5N"].join(
  ".",
);
const BOT_TOKEN = ["xoxb", "17653672481", "19874698323", "pdFZKVeTuE8sk7oOHcBrzygy"].join("-");
const GITHUB_TOKEN = ["ghp", "16C7e42F292c6912E7710c838347Ae178B4a"].join("_");
const GITHUB_FINE_TOKEN = ["github", "pat", "11ABCDEFG0abcdefghijkl", "mnopqrstuvwxyz"].join("_");
const GITLAB_TOKEN = ["glpat", "n9KJx-3sTVuRz2aB7cDe"].join("-");
const WEBHOOK = ["https://hooks.slack.com/services", "T00000000", "B00000000", "XXXXXXXXXXXX"].join(
  "/",
);
const STRIPE = ["sk", "live", "4eC39HqLyjWDarjtT1zdp7dc"].join("_");
const PEM = (kind: string, body: string) =>
  [`-----BEGIN ${kind}-----`, body, `-----END ${kind}-----`].join("\n");
const BASE64 = "MIIEpAIBAAKCAQEA04up8hoqzS1XAPB4gAG1lTsNUjcOTnZ7DwUmUjGfGbOV1a2b";

describe("what looks secret is hidden", () => {
  it.each([
    // Addresses
    ["postgres://app:s3cret@db:5432/shop refused", "postgres://app:***@db:5432/shop refused"],
    ["amqp://app:p@ss/w0rd@mq/", "amqp://app:***@mq/"],
    ["redis://:hunter2@cache:6379/0", "redis://:***@cache:6379/0"],
    ["mongodb+srv://u:p%40ss@c0.example.com/db", "mongodb+srv://u:***@c0.example.com/db"],
    ["clone https://0123456789abcdef0123@git.example.com/x", "clone https://***@git.example.com/x"],
    [
      "jdbc:mysql://db/shop?user=app&password=hunter2&ssl=1",
      "jdbc:mysql://db/shop?user=app&password=***&ssl=1",
    ],
    ["dial app:s3cret@tcp(db:3306)/shop", "dial app:***@tcp(db:3306)/shop"],
    ["GET /blob?sv=1&sig=aGVsbG8%3D&se=2 403", "GET /blob?sv=1&sig=***&se=2 403"],
    ["GET /cb?access_token=abc.def HTTP/1.1", "GET /cb?access_token=*** HTTP/1.1"],
    // Headers
    ["Authorization: Bearer abc.def-123", "Authorization: ***"],
    ['"authorization":"Basic dXNlcjpwYXNz","host":"a"', '"authorization":"***","host":"a"'],
    [
      `{\\"Authorization\\":\\"Token abc\\",\\"a\\":1}`,
      `{\\"Authorization\\":\\"***\\",\\"a\\":1}`,
    ],
    ["sent bearer 0a1b2c3d4e5f", "sent bearer ***"],
    ["curl -H 'X: Basic dXNlcjpwYXNz'", "curl -H 'X: Basic ***'"],
    ["Set-Cookie: sid=1234; Path=/", "Set-Cookie: ***"],
    // Keys and values
    ["password=hunter2", "password=***"],
    ["PGPASSWORD=hunter2 psql", "PGPASSWORD=*** psql"],
    ["DB_PASS: hunter2", "DB_PASS: ***"],
    ["db.password = hunter2", "db.password = ***"],
    ["password:hunter2,", "password:***,"],
    ["user=app password=a,b)c host=db", "user=app password=*** host=db"],
    ['level=error token="a b c" user=x', 'level=error token="***" user=x'],
    [`{"user":"x","password":"a\\"b","n":1}`, `{"user":"x","password":"***","n":1}`],
    [`"{\\"clientSecret\\":\\"a b\\",\\"n\\":1}"`, `"{\\"clientSecret\\":\\"***\\",\\"n\\":1}"`],
    ["{'api_key': 'abc', 'n': 1}", "{'api_key': '***', 'n': 1}"],
    ["apiKey => abc", "apiKey => ***"],
    ["secret_key_base: 0a1b", "secret_key_base: ***"],
    ["AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG", "AWS_SECRET_ACCESS_KEY=***"],
    [
      "AccountName=a;AccountKey=Zm9v+/==;EndpointSuffix=b",
      "AccountName=a;AccountKey=***;EndpointSuffix=b",
    ],
    ["Server=db;User Id=app;Pwd=a b;", "Server=db;User Id=app;Pwd=*** b;"],
    ["exec --db-password hunter2 --port 1", "exec --db-password *** --port 1"],
    ["using api key 9f86d081884c7d659a2feaa0c55ad015", "using api key ***"],
    ["token is 9f86d081884c7d659a2feaa0c55ad015.", "token is ***."],
    ['{"pin_token": 1234, "n": 1}', '{"pin_token": ***, "n": 1}'],
    // Of known makers
    [`id ${AWS_KEY_ID}`, "id ***"],
    [`got ${JWT}!`, "got ***!"],
    [`${BOT_TOKEN} is revoked`, "*** is revoked"],
    [`remote: ${GITHUB_TOKEN}`, "remote: ***"],
    [`(${GITHUB_FINE_TOKEN})`, "(***)"],
    [GITLAB_TOKEN, "***"],
    [`charge with ${STRIPE}`, "charge with ***"],
    [`POST ${WEBHOOK} 404`, "POST https://hooks.slack.com/*** 404"],
  ])("%s", (text, safe) => {
    expect(redact(text)).toBe(safe);
  });

  it.each([
    ["whole", `a\n${PEM("RSA PRIVATE KEY", `${BASE64}\nabc=`)}\nb`, "a\n***\nb"],
    [
      "in one line of JSON",
      JSON.stringify({ k: PEM("PRIVATE KEY", BASE64), n: 1 }),
      '{"k":"***","n":1}',
    ],
    ["of PGP", PEM("PGP PRIVATE KEY BLOCK", BASE64), "***"],
    ["cut off at its end", `a\n-----BEGIN EC PRIVATE KEY-----\n${BASE64}`, "a\n***"],
    ["cut off at its beginning", `${BASE64}\nabc=\n-----END EC PRIVATE KEY-----\nb`, "***\nb"],
    ["cut off at both", `${BASE64}\n${BASE64}`, "***\n***"],
  ])("a private key, %s", (_, text, safe) => {
    expect(redact(text)).toBe(safe);
  });
});

describe("what is no secret stays", () => {
  it.each([
    "api 1.4.0 → 1.5.0-rc.1+build.7, sha-39afdaf",
    "commit 39afdaf8c1b2d3e4f5061728394a5b6c7d8e9f00",
    "registry.example.com/shop/api@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "uid 123e4567-e89b-12d3-a456-426614174000",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    'secret "shop-slack" not found',
    "couldn't find key password in Secret shop/slack",
    'MountVolume.SetUp failed for volume "token" : secret "shop-token-x2k9p" not found',
    'FATAL: password authentication failed for user "app"',
    "basic authentication is off, bearer authentication failed",
    "invalid token: not found",
    'token: null, password: "", secret=',
    "max_tokens=4096 tokens: 15 secretName: shop-slack token_type=Bearer",
    "passed: 12, pass=11, bypass: yes",
    "password: *** and token=$TOKEN and secret: <redacted>",
    "GET http://registry:4873/@scope/package 404",
    "ssh://git@git.example.com:22/acme/api.git",
    "dial tcp 10.0.0.1:5432: connect: connection refused",
    "    at Object.<anonymous> (/app/node_modules/@acme/auth/token.js:12:34)",
    "keys: 3, monkey=1, primary key: id",
    "https://example.com/a?page=2&sort=key",
    "Ünïcode 🚀 stays",
  ])("%s", (text) => {
    expect(redact(text)).toBe(text);
  });
});

it("colours, titles, control characters and turned directions go", () => {
  expect(redact("\u001b[1;31mred\u001b[0m \u001b]0;title\u0007a\u0000b\u0008\u202ec\td")).toBe(
    "red abc  d",
  );
});

it("a progress bar is one line each", () => {
  expect(redact("10%\r20%\r\ndone")).toBe("10%\n20%\ndone");
});

it("a secret behind colours is found", () => {
  expect(redact("pass\u001b[0mword\u001b[1m=\u001b[32mhunter2\u001b[0m")).toBe("password=***");
});

it.each([
  ["one letter", "a"],
  ["what begins like a key", "password"],
  ["colons and slashes", "://a:"],
  ["quotes", 'token:"\\'],
  ["beginnings of keys", "-----BEGIN PRIVATE KEY-----"],
  ["base64 and breaks", "aB0+/=\n"],
  ["segments", "eyJaaaaaaaaa."],
  ["flags", "--"],
])("16 KiB of %s take no time", (_, unit) => {
  const text = unit.repeat(16_384 / unit.length);
  const start = performance.now();
  redact(text);
  expect(performance.now() - start).toBeLessThan(500);
});

describe("a message", () => {
  it("is one line", () => {
    expect(redactLine(" one\n\t* two \n\n", 20)).toBe("one * two");
  });

  it.each([
    ["longer than the limit is cut", "abcdef", "abcd…"],
    ["as long as the limit is whole", "abcde", "abcde"],
    ["is never cut inside a character", "abc🚀f", "abc…"],
  ])("%s", (_, text, expected) => {
    expect(redactLine(text, 5)).toBe(expected);
  });

  it("is cut only when its secrets are out", () => {
    expect(redactLine("password=hunter2hunter2 end", 17)).toBe("password=*** end");
  });
});

describe("a log", () => {
  const limits = { lines: 3, lineLength: 10, length: 20 };

  it.each([
    ["is its last lines", "a\nb\nc\nd\ne\n", ["c", "d", "e"]],
    ["has no empty lines", "a\n\n \nb\n\n", ["a", "b"]],
    ["has long lines cut", "x".repeat(12), [`${"x".repeat(9)}…`]],
    [
      "gives up its oldest lines over its length",
      "123456789\n123456789\n123",
      ["123456789", "123"],
    ],
    ["keeps the space a line begins with", "  at x", ["  at x"]],
    ["of nothing is empty", "", []],
  ])("%s", (_, text, expected) => {
    expect(redactLog(text, limits)).toEqual(expected);
  });
});
