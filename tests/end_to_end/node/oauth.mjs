// OAuth by two libraries that certify themselves against the standards: openid-client, and oauth4webapi below it. Both know
// the issuer's address and the client, and nothing else. Prints what the machine's token is.
import assert from "node:assert/strict";
import * as oauth from "oauth4webapi";
import * as client from "openid-client";

const { ENDPOINT, POOL_ID, MACHINE_ID, MACHINE_SECRET, CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN } = process.env;
const issuer = new URL(`${ENDPOINT}/${POOL_ID}`);
const plain = { execute: [client.allowInsecureRequests] };

// A machine, that proves itself by Basic and by the form.
let token;
for (const proof of [client.ClientSecretBasic(MACHINE_SECRET), client.ClientSecretPost(MACHINE_SECRET)]) {
  const machine = await client.discovery(issuer, MACHINE_ID, undefined, proof, plain);
  const answer = await client.clientCredentialsGrant(machine, { scope: "notes/read" });
  assert.equal(answer.scope, "notes/read");
  assert.equal(answer.token_type, "bearer");
  token = answer.access_token;
  const told = await client.tokenIntrospection(machine, token);
  assert.deepEqual([told.active, told.scope, told.client_id], [true, "notes/read", MACHINE_ID]);
  assert.deepEqual(await client.tokenIntrospection(machine, "unknown"), { active: false });
  await assert.rejects(client.clientCredentialsGrant(machine, { scope: "notes/burn" }), { error: "invalid_scope" });
}
const stranger = await client.discovery(issuer, MACHINE_ID, undefined, client.ClientSecretBasic("wrong"), plain);
await assert.rejects(client.clientCredentialsGrant(stranger), (error) => error.status === 401);

// A user's tokens: renewed, looked at, revoked.
const web = await client.discovery(issuer, CLIENT_ID, undefined, client.ClientSecretBasic(CLIENT_SECRET), plain);
const fresh = await client.refreshTokenGrant(web, REFRESH_TOKEN);
assert.notEqual(fresh.refresh_token, REFRESH_TOKEN);
assert.equal(fresh.claims().aud, CLIENT_ID);
assert.equal((await client.tokenIntrospection(web, fresh.access_token)).active, true);
await client.tokenRevocation(web, fresh.refresh_token);
assert.deepEqual(await client.tokenIntrospection(web, fresh.access_token), { active: false });
await assert.rejects(client.refreshTokenGrant(web, fresh.refresh_token), { error: "invalid_grant" });

// The library below: discovery in both forms of its address, and the errors of a resource.
const insecure = { [oauth.allowInsecureRequests]: true };
for (const algorithm of ["oidc", "oauth2"]) {
  const found = await oauth.discoveryRequest(issuer, { algorithm, ...insecure });
  const server = await oauth.processDiscoveryResponse(issuer, found);
  assert.equal(server.issuer, issuer.href);
  const asked = oauth.userInfoRequest(server, { client_id: MACHINE_ID }, token, insecure);
  await assert.rejects(
    asked.then((answer) => oauth.processUserInfoResponse(server, { client_id: MACHINE_ID }, oauth.skipSubjectCheck, answer)),
    (error) => error.cause[0].parameters.error === "insufficient_scope",
  );
}
console.log(JSON.stringify({ machine: token }));
