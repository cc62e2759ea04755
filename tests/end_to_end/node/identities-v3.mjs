// Identities and credentials with the SDK for JavaScript, version 3: a guest, who becomes a user. Prints what it ended with.
import assert from "node:assert/strict";
import { CognitoIdentityClient, GetIdCommand, GetOpenIdTokenCommand } from "@aws-sdk/client-cognito-identity";
import { fromCognitoIdentity, fromCognitoIdentityPool, fromWebToken } from "@aws-sdk/credential-providers";
import { status } from "./files.mjs";

const { ENDPOINT, REGION, IDENTITY_POOL_ID: identityPoolId, LOGIN, ID_TOKEN, STRANGERS_TOKEN, ROLE_ARN } = process.env;
const clientConfig = { region: REGION, endpoint: ENDPOINT };
const client = new CognitoIdentityClient({ ...clientConfig, credentials: undefined });
const forged = `${ID_TOKEN.slice(0, -4)}AAAA`;

// A guest has an identity, and what the pool's role for guests allows: a folder of its own
const guest = await fromCognitoIdentityPool({ identityPoolId, clientConfig })();
assert.match(guest.identityId, new RegExp(`^${REGION}:[0-9a-f-]{36}$`));
assert.match(guest.accessKeyId, /^ASIA/);
assert.ok(guest.expiration > new Date(Date.now() + 50 * 60_000));
assert.equal(await status(guest, `${guest.identityId}/notes`), 200);
assert.equal(await status(guest, `${REGION}:somebody-else/notes`), 403);
assert.equal(await status(guest, `${guest.identityId}/notes`, "DELETE"), 403);
assert.equal(await status({ ...guest, secretAccessKey: "another" }, `${guest.identityId}/notes`), 401);
assert.equal(await status({ ...guest, sessionToken: undefined }, `${guest.identityId}/notes`), 401);

// Another guest is somebody else
const another = await fromCognitoIdentityPool({ identityPoolId, clientConfig, userIdentifier: "another" })();
assert.notEqual(another.identityId, guest.identityId);

// The guest signs in, and is still the same
const logins = { [LOGIN]: ID_TOKEN };
const user = await fromCognitoIdentity({ identityId: guest.identityId, logins, clientConfig })();
assert.equal(user.identityId, guest.identityId);
assert.equal(await status(user, `${user.identityId}/notes`), 200);
assert.equal(await status(user, `${user.identityId}/notes`, "DELETE"), 200);
assert.equal(await status(user, `${another.identityId}/notes`), 403);
assert.equal((await fromCognitoIdentityPool({ identityPoolId, logins, clientConfig })()).identityId, user.identityId);
assert.equal((await client.send(new GetIdCommand({ IdentityPoolId: identityPoolId, Logins: logins }))).IdentityId, user.identityId);
const denied = { name: "NotAuthorizedException" };
await assert.rejects(fromCognitoIdentity({ identityId: guest.identityId, clientConfig })(), denied);
for (const token of [forged, STRANGERS_TOKEN]) {
  const wrong = { [LOGIN]: token };
  await assert.rejects(fromCognitoIdentityPool({ identityPoolId, logins: wrong, clientConfig })(), denied);
}

// The classic flow: the pool's token, and a role that takes it
const { Token } = await client.send(new GetOpenIdTokenCommand({ IdentityId: user.identityId, Logins: logins }));
const role = { roleArn: ROLE_ARN, roleSessionName: "an-app", clientConfig };
const classic = await fromWebToken({ ...role, webIdentityToken: Token })();
assert.equal(await status(classic, `${user.identityId}/notes`), 200);
assert.equal(await status(classic, `${another.identityId}/notes`), 403);
await assert.rejects(fromWebToken({ ...role, webIdentityToken: `${Token.slice(0, -4)}AAAA` })());

console.log(JSON.stringify({ guest: guest.identityId, user: user.identityId }));
