// A self-signed ECDSA P-256 certificate that is its own CA, written in DER by hand: node:crypto signs, but issues nothing.
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

const DAY_MS = 24 * 60 * 60 * 1000;

const BOOLEAN = 0x01;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const OBJECT_IDENTIFIER = 0x06;
const UTF8_STRING = 0x0c;
const GENERALIZED_TIME = 0x18;
const SEQUENCE = 0x30;
const SET = 0x31;
const SAN_DNS = 0x82;
const SAN_IP = 0x87;
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;

const TRUE = der(BOOLEAN, Buffer.from([0xff]));
const ECDSA_WITH_SHA256 = sequence(identifier("2a8648ce3d040302"));
const COMMON_NAME = identifier("550403");
const BASIC_CONSTRAINTS = identifier("551d13");
const SUBJECT_ALT_NAME = identifier("551d11");
const EXTENDED_KEY_USAGE = identifier("551d25");
const SERVER_AUTH = identifier("2b06010505070301");

/** PEM of a new key, and of a certificate for these names; `ips` are IPv4. */
export function selfSigned(
  dnsNames: readonly string[],
  ips: readonly string[],
): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(
    der(SET, sequence(COMMON_NAME, der(UTF8_STRING, Buffer.from("embedded-kube")))),
  );
  const names = [
    ...dnsNames.map((dnsName) => der(SAN_DNS, Buffer.from(dnsName))),
    ...ips.map((ip) => der(SAN_IP, Buffer.from(ip.split(".").map(Number)))),
  ];
  const now = Date.now();
  const content = sequence(
    der(VERSION, der(INTEGER, Buffer.from([2]))),
    // The first byte keeps the number positive.
    der(INTEGER, Buffer.from([1]), randomBytes(8)),
    ECDSA_WITH_SHA256,
    name,
    sequence(time(now - DAY_MS), time(now + 365 * DAY_MS)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(
      EXTENSIONS,
      sequence(
        sequence(BASIC_CONSTRAINTS, TRUE, der(OCTET_STRING, sequence(TRUE))),
        sequence(SUBJECT_ALT_NAME, der(OCTET_STRING, sequence(...names))),
        sequence(EXTENDED_KEY_USAGE, der(OCTET_STRING, sequence(SERVER_AUTH))),
      ),
    ),
  );
  const signature = der(BIT_STRING, Buffer.from([0]), sign("sha256", content, privateKey));
  const certificate = sequence(content, ECDSA_WITH_SHA256, signature).toString("base64");
  const lines = certificate.replace(/.{1,64}/g, "$&\n");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`,
  };
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(SEQUENCE, ...parts);
}

function identifier(hex: string): Buffer {
  return der(OBJECT_IDENTIFIER, Buffer.from(hex, "hex"));
}

function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
  return der(GENERALIZED_TIME, Buffer.from(digits));
}
