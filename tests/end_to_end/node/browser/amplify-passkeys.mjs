// Passkeys with Amplify, made and used by the browser: instead of a password, and as the way that is chosen. Prints the
// tokens it was given.
import assert from "node:assert/strict";
import * as auth from "aws-amplify/auth";
import { configure } from "./amplify-app.mjs";

const { NAME, PASSWORD } = process.env;
const choosing = async (options = {}) =>
  (await auth.signIn({ username: NAME, options: { authFlowType: "USER_AUTH", ...options } })).nextStep;
const answer = async (challengeResponse) => (await auth.confirmSignIn({ challengeResponse })).nextStep;

configure();
await auth.signIn({ username: NAME, password: PASSWORD, options: { authFlowType: "USER_PASSWORD_AUTH" } });
await auth.associateWebAuthnCredential();
const { credentials } = await auth.listWebAuthnCredentials();
assert.equal(credentials.length, 1);
assert.equal(credentials[0].relyingPartyId, "localhost");
await auth.signOut();

// At once
assert.equal((await choosing({ preferredChallenge: "WEB_AUTHN" })).signInStep, "DONE");
assert.equal((await auth.getCurrentUser()).username, NAME);
await auth.signOut();

// Chosen
const choice = await choosing();
assert.equal(choice.signInStep, "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION");
assert.deepEqual(choice.availableChallenges, ["PASSWORD", "PASSWORD_SRP", "WEB_AUTHN"]);
assert.equal((await answer("WEB_AUTHN")).signInStep, "DONE");
const { tokens } = await auth.fetchAuthSession({ forceRefresh: true });

// Deleted: it is not offered any more
await auth.deleteWebAuthnCredential({ credentialId: credentials[0].credentialId });
assert.deepEqual((await auth.listWebAuthnCredentials()).credentials, []);
await auth.signOut();
assert.deepEqual((await choosing()).availableChallenges, ["PASSWORD", "PASSWORD_SRP"]);

console.log(JSON.stringify({ access: String(tokens.accessToken), id: String(tokens.idToken) }));
