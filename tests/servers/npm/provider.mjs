/**
 * Serve the certified provider on loopback, and change it while it runs.
 *
 * `PUT /test/settings` takes JSON: `base` (where Hubbub is), `mode` ("normal" or a way to be hostile) and `key` (the
 * name of the key that it signs with; another one is a rotation). Everybody is who they say; see `claims`.
 */

import { createServer } from "node:http";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { Provider } from "oidc-provider";

const keys = new Map();

async function keyNamed(name) {
  if (!keys.has(name)) {
    const { privateKey } = await generateKeyPair("RS256", { extractable: true });
    keys.set(name, { ...(await exportJWK(privateKey)), kid: name, use: "sig", alg: "RS256" });
  }
  return keys.get(name);
}

function claims(sub) {
  const groups = sub === "crowd" ? Array.from({ length: 1500 }, (_, number) => `group-${number}`) : ["team", `of-${sub}`];
  return { sub, name: sub, email: `${sub}@provider.example`, email_verified: true, groups };
}

/** Change an ID token as nobody but a hostile provider would, or somebody in its place. */
async function tampered(token, mode, issuer) {
  const said = JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
  const changed = {
    nonce: { ...said, nonce: "another" },
    audience: { ...said, aud: "another" },
    issuer: { ...said, iss: "https://another.example" },
    expired: { ...said, exp: said.iat - 600, iat: said.iat - 900 },
    stranger: said,
    unsigned: said,
  }[mode];
  if (changed === undefined) return token;
  if (mode === "unsigned") {
    const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
    return `${part({ alg: "none" })}.${part(changed)}.`;
  }
  const kid = token.split(".")[0] && JSON.parse(Buffer.from(token.split(".")[0], "base64url")).kid;
  const { privateKey } = await generateKeyPair("RS256");
  const { importJWK } = await import("jose");
  const key = mode === "stranger" ? privateKey : await importJWK(keys.get(kid), "RS256");
  return new SignJWT(changed).setProtectedHeader({ alg: "RS256", kid }).sign(key);
}

async function made({ issuer, base, mode, key }) {
  const home = `${base}/api/sign-in/oidc/certified`;
  const client = {
    client_id: "hubbub",
    client_secret: "s3cret-of-at-least-thirty-two-characters",
    redirect_uris: [`${home}/back`],
    post_logout_redirect_uris: [`${base}/`],
    backchannel_logout_uri: `${home}/logout`,
    backchannel_logout_session_required: true,
    id_token_signed_response_alg: mode === "secret" ? "HS256" : "RS256",
  };
  const provider = new Provider(issuer, {
    clients: base ? [client] : [],
    jwks: { keys: [await keyNamed(key)] },
    claims: { openid: ["sub"], profile: ["name", "groups"], email: ["email", "email_verified"] },
    conformIdTokenClaims: false,
    cookies: { keys: ["a secret of this test"] },
    enabledJWA: { idTokenSigningAlgValues: ["RS256", "HS256"] },
    features: { backchannelLogout: { enabled: true } },
    // Without its guard against addresses of this machine, which is where Hubbub is.
    fetch: (url, { dispatcher, ...options }) => fetch(url, options),
    findAccount: (_, sub) => ({ accountId: sub, claims: () => claims(sub) }),
  });
  provider.on("backchannel.error", (_, error) => process.stderr.write(`back-channel: ${error}\n`));
  provider.on("server_error", (_, error) => process.stderr.write(`${error.stack}\n`));
  provider.use(async (context, next) => {
    await next();
    if (context.path === "/token" && context.body?.id_token) {
      context.body = { ...context.body, id_token: await tampered(context.body.id_token, mode, issuer) };
    }
  });
  return provider.callback();
}

let serve = (_, response) => response.writeHead(503).end();
let issuer = "";
const server = createServer(async (request, response) => {
  if (request.method !== "PUT" || request.url !== "/test/settings") return serve(request, response);
  let body = "";
  for await (const chunk of request) body += chunk;
  serve = await made({ issuer, ...JSON.parse(body) });
  response.writeHead(204).end();
});
server.listen(0, "127.0.0.1", async () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  serve = await made({ issuer, base: "", mode: "normal", key: "first" });
  process.stdout.write(`${issuer}\n`);
});
process.stdin.on("end", () => process.exit()).resume();
