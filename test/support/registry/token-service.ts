// The token service that a registry names, of which there is none in Debian; the real registry verifies what it signs.
// https://distribution.github.io/distribution/spec/auth/token/, /spec/auth/jwt/ and /spec/auth/oauth/
import { createPrivateKey, randomUUID, sign } from "node:crypto";
import { selfSigned } from "../kube/certificate.ts";
import { type AnswerRequest, type RecordingServer, startServer } from "../tls-server.ts";

export interface TokenService extends RecordingServer {
  /** The section `auth` of a registry that sends its clients here; `bundle` is the file of `signer`. */
  readonly auth: (bundle: string) => object;
  /** PEM of the certificate that tokens are signed with. */
  readonly signer: string;
}

const SERVICE = "test registry, the one";
const ISSUER = "test-issuer";
const PASSWORD = `Basic ${Buffer.from("jane:right").toString("base64")}`;
export const REFRESH_TOKEN = "refresh-right";

/** jane may pull everything, everybody what is in `public/`. */
export async function startTokenService(): Promise<TokenService> {
  const signer = selfSigned(["signer"], []);
  const answer: AnswerRequest = ({ method, url, headers, body }) => {
    const { searchParams } = new URL(url, "https://token.test");
    const wish = method === "POST" ? new URLSearchParams(body) : searchParams;
    const isJane =
      method === "POST"
        ? wish.get("grant_type") === "refresh_token" && wish.get("refresh_token") === REFRESH_TOKEN
        : headers.authorization === PASSWORD;
    const isNobody = method === "GET" && headers.authorization === undefined;
    if (wish.get("service") !== SERVICE || (!isJane && !isNobody)) {
      return { status: 401, body: '{"details":"incorrect username or password"}' };
    }
    const [type = "", name = "", actions = ""] = (wish.get("scope") ?? "").split(":");
    const isAllowed = isJane || name.startsWith("public/");
    const token = toToken(signer, {
      iss: ISSUER,
      sub: isJane ? "jane" : "",
      aud: SERVICE,
      exp: Math.floor(Date.now() / 1000) + 300,
      nbf: Math.floor(Date.now() / 1000) - 10,
      jti: randomUUID(),
      access: isAllowed ? [{ type, name, actions: actions.split(",") }] : [],
    });
    return { body: JSON.stringify(method === "POST" ? { access_token: token } : { token }) };
  };
  const server = await startServer(answer, { plain: true });
  return {
    ...server,
    signer: signer.cert,
    auth: (bundle) => ({
      token: {
        realm: `${server.url}/token`,
        service: SERVICE,
        issuer: ISSUER,
        rootcertbundle: bundle,
      },
    }),
  };
}

function toToken({ key, cert }: { key: string; cert: string }, claims: object): string {
  const x5c = [cert.replaceAll(/-----[A-Z ]+-----|\s/g, "")];
  const content = [{ typ: "JWT", alg: "ES256", x5c }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  const signature = sign("sha256", Buffer.from(content), {
    key: createPrivateKey(key),
    dsaEncoding: "ieee-p1363",
  });
  return `${content}.${signature.toString("base64url")}`;
}
