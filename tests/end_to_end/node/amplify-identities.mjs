// Identities and credentials with Amplify: a guest, who signs in and stays the same. Prints what it ended with.
import assert from "node:assert/strict";
import { Amplify } from "aws-amplify";
import * as auth from "aws-amplify/auth";
import { status } from "./files.mjs";

const { ENDPOINT, REGION, IDENTITY_POOL_ID: identityPoolId, POOL_ID, CLIENT_ID, NAME, PASSWORD } = process.env;
const Cognito = {
  userPoolId: POOL_ID,
  userPoolClientId: CLIENT_ID,
  userPoolEndpoint: ENDPOINT,
  identityPoolId,
  identityPoolEndpoint: ENDPOINT,
  allowGuestAccess: true,
};
Amplify.configure({ Auth: { Cognito } });

const guest = await auth.fetchAuthSession();
assert.equal(guest.tokens, undefined);
assert.equal(await status(guest.credentials, `${guest.identityId}/notes`), 200);
assert.equal(await status(guest.credentials, `${guest.identityId}/notes`, "DELETE"), 403);

await auth.signIn({ username: NAME, password: PASSWORD, options: { authFlowType: "USER_PASSWORD_AUTH" } });
const user = await auth.fetchAuthSession();
assert.equal(user.identityId, guest.identityId);
assert.equal(await status(user.credentials, `${user.identityId}/notes`, "DELETE"), 200);
assert.equal(await status(user.credentials, `${REGION}:somebody-else/notes`), 403);

// Signed out, somebody else begins here
await auth.signOut();
const next = await auth.fetchAuthSession();
assert.notEqual(next.identityId, user.identityId);

console.log(JSON.stringify({ guest: guest.identityId, user: user.identityId }));
