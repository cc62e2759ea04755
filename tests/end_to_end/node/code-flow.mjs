// A whole sign-in by the code flow with openid-client, and again with oauth4webapi below it. Each prints where the browser has
// to go, and reads where it came back. Prints the last access token in the end.
import assert from "node:assert/strict";
import readline from "node:readline";
import * as oauth from "oauth4webapi";
import * as client from "openid-client";

const { ENDPOINT, POOL_ID, CLIENT_ID, CLIENT_SECRET, CALLBACK, HOME, NAME } = process.env;
const issuer = new URL(`${ENDPOINT}/${POOL_ID}`);
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const browse = async (to) => {
  console.log(JSON.stringify({ to: to.href }));
  return new URL((await lines.next()).value);
};

// openid-client
const web = await client.discovery(issuer, CLIENT_ID, undefined, client.ClientSecretPost(CLIENT_SECRET), {
  execute: [client.allowInsecureRequests],
});
const pkceCodeVerifier = client.randomPKCECodeVerifier();
const expected = { pkceCodeVerifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() };
const back = await browse(
  client.buildAuthorizationUrl(web, {
    redirect_uri: CALLBACK,
    scope: "openid email",
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    state: expected.expectedState,
    nonce: expected.expectedNonce,
    max_age: "600",
  }),
);
const tokens = await client.authorizationCodeGrant(web, back, { ...expected, maxAge: 600, idTokenExpected: true });
const { sub, nonce, email } = tokens.claims();
assert.deepEqual([nonce, email], [expected.expectedNonce, `${NAME}@example.com`]);
assert.equal((await client.fetchUserInfo(web, tokens.access_token, sub)).email, email);
assert.deepEqual((await client.tokenIntrospection(web, tokens.access_token)).active, true);

const fresh = await client.refreshTokenGrant(web, tokens.refresh_token);
assert.notEqual(fresh.refresh_token, tokens.refresh_token);
assert.equal(fresh.claims().sub, sub);
await client.tokenRevocation(web, fresh.refresh_token);
assert.deepEqual(await client.tokenIntrospection(web, fresh.access_token), { active: false });
await assert.rejects(client.refreshTokenGrant(web, fresh.refresh_token), { error: "invalid_grant" });

// oauth4webapi: whoever is signed in is not asked again, and a code is good once
const insecure = { [oauth.allowInsecureRequests]: true };
const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, insecure));
const app = { client_id: CLIENT_ID };
const proof = oauth.ClientSecretBasic(CLIENT_SECRET);
const verifier = oauth.generateRandomCodeVerifier();
const once = oauth.generateRandomNonce();
const state = oauth.generateRandomState();
const start = new URL(server.authorization_endpoint);
for (const [name, value] of Object.entries({
  client_id: CLIENT_ID,
  redirect_uri: CALLBACK,
  response_type: "code",
  scope: "openid email offline_access",
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  state,
  nonce: once,
  prompt: "none",
})) {
  start.searchParams.set(name, value);
}
const answer = oauth.validateAuthResponse(server, app, await browse(start), state);
const redeem = () => oauth.authorizationCodeGrantRequest(server, app, proof, answer, CALLBACK, verifier, insecure);
const redeemed = await redeem();
const second = await oauth.processAuthorizationCodeResponse(server, app, redeemed, {
  expectedNonce: once,
  requireIdToken: true,
});
const asked = await oauth.userInfoRequest(server, app, second.access_token, insecure);
assert.equal((await oauth.processUserInfoResponse(server, app, sub, asked)).sub, sub);
const shown = await oauth.introspectionRequest(server, app, proof, second.access_token, insecure);
assert.equal((await oauth.processIntrospectionResponse(server, app, shown)).sub, sub);

// Sign-out, which openid-client has the address of; then nobody is there.
const left = await browse(
  client.buildEndSessionUrl(web, { id_token_hint: second.id_token, post_logout_redirect_uri: HOME, state: "out" }),
);
assert.equal(left.href, `${HOME}?state=out`);
const nobody = await browse(start);
assert.throws(() => oauth.validateAuthResponse(server, app, nobody, state), { error: "login_required" });

const replayed = await redeem();
await assert.rejects(oauth.processAuthorizationCodeResponse(server, app, replayed), { error: "invalid_grant" });
console.log(JSON.stringify({ access: second.access_token, id: second.id_token }));
process.stdin.destroy();
