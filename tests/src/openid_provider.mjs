// An OpenID provider for the tests: node openid_provider.mjs MODULE PORT REDIRECT SECRET
//
// MODULE is the folder of oidc-provider; an empty SECRET makes the client a public one. Whoever signs in has the address
// that they type, verified unless it begins with "unverified", and is in the group "PKI approvers" if it begins with
// "member"; the scope "groups" asks for that. Prints "ready" once it answers. Keys are its own, made at
// each start; POST /rotate replaces them.
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const [module, port, redirect, secret] = process.argv.slice(2);
const { main } = JSON.parse(readFileSync(`${module}/package.json`));
const { default: Provider } = await import(pathToFileURL(`${module}/${main}`));

let count = 0;
function started() {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  count += 1;
  const key = { ...privateKey.export({ format: "jwk" }), kid: `key-${count}`, alg: "RS256", use: "sig" };
  const provider = new Provider(`http://localhost:${port}`, {
    clients: [
      {
        client_id: "countersign",
        ...(secret ? { client_secret: secret } : { token_endpoint_auth_method: "none" }),
        redirect_uris: [redirect],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    claims: { openid: ["sub"], email: ["email", "email_verified"], groups: ["groups"] },
    // Also in the ID token, not only in the userinfo answer.
    conformIdTokenClaims: false,
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        email: id,
        email_verified: !id.startsWith("unverified"),
        groups: id.startsWith("member") ? ["Everybody", "PKI approvers"] : ["Everybody"],
      }),
    }),
    pkce: { required: () => true },
    cookies: { keys: ["only-in-tests"] },
    jwks: { keys: [key] },
    features: { devInteractions: { enabled: true } },
  });
  return provider.callback();
}

let answer = started();
const server = createServer((request, response) => {
  if (request.method === "POST" && request.url === "/rotate") {
    answer = started();
    response.end();
  } else {
    answer(request, response);
  }
});
server.listen(Number(port), "localhost", () => console.log("ready"));
