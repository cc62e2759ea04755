// Identities and credentials with the SDK for JavaScript, version 2: a guest, who becomes a user. Prints what it ended with.
import assert from "node:assert/strict";
import AWS from "aws-sdk";
import { status } from "./files.mjs";

const { ENDPOINT, REGION, IDENTITY_POOL_ID: IdentityPoolId, LOGIN, ID_TOKEN } = process.env;
const settings = { region: REGION, endpoint: ENDPOINT };
AWS.config.region = REGION;

const guest = new AWS.CognitoIdentityCredentials({ IdentityPoolId }, settings);
await guest.getPromise();
const guests = guest.identityId;
assert.equal(await status(guest, `${guests}/notes`), 200);
assert.equal(await status(guest, `${REGION}:somebody-else/notes`), 403);

guest.params.Logins = { [LOGIN]: ID_TOKEN };
await guest.refreshPromise();
assert.equal(guest.identityId, guests);
assert.equal(await status(guest, `${guests}/notes`, "DELETE"), 200);

const user = new AWS.CognitoIdentityCredentials({ IdentityPoolId, Logins: { [LOGIN]: ID_TOKEN } }, settings);
await user.getPromise();
assert.equal(user.identityId, guests);

console.log(JSON.stringify({ guest: guests, user: user.identityId }));
