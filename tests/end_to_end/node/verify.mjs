// Verifies the tokens in TOKENS as JavaScript services do: with jose and aws-jwt-verify, and nothing but the issuer's
// address. Prints the algorithm of each.
import assert from "node:assert/strict";
import { JwtVerifier } from "aws-jwt-verify";
import { createLocalJWKSet, createRemoteJWKSet, decodeProtectedHeader, errors, jwtVerify } from "jose";

const { ENDPOINT, POOL_ID } = process.env;
const tokens = JSON.parse(process.env.TOKENS);
const issuer = `${ENDPOINT}/${POOL_ID}`;
const discovered = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
assert.equal(discovered.issuer, issuer);
const algorithms = discovered.id_token_signing_alg_values_supported;
const keys = createRemoteJWKSet(new URL(discovered.jwks_uri));

for (const token of tokens) {
  const { payload } = await jwtVerify(token, keys, { issuer, algorithms });
  assert.ok(["id", "access"].includes(payload.token_use));
  const [head, body] = token.split(".");
  await assert.rejects(jwtVerify(`${head}.${body}.${"A".repeat(86)}`, keys, { issuer, algorithms }), errors.JOSEError);
}
// Each key is one that jose takes by itself, too.
const { keys: published } = await (await fetch(discovered.jwks_uri)).json();
for (const key of published) {
  const token = tokens.find((one) => decodeProtectedHeader(one).kid === key.kid);
  if (token !== undefined) await jwtVerify(token, createLocalJWKSet({ keys: [key] }), { algorithms: [key.alg] });
}
// The vendor's own. It reads key sets by https only, so it is given this one.
const verifier = JwtVerifier.create({ issuer, audience: null });
verifier.cacheJwks({ keys: published });
for (const token of tokens) {
  assert.equal(verifier.verifySync(token).iss, issuer);
  assert.throws(() => verifier.verifySync(`${token.slice(0, -12)}AAAAAAAAAAAA`));
}
console.log(JSON.stringify({ algorithms: tokens.map((token) => decodeProtectedHeader(token).alg).join(" ") }));
