// A user's journey with Amplify, as a web page would go it. Prints the tokens it was given.
import assert from "node:assert/strict";
import { Amplify } from "@aws-amplify/core";
import * as auth from "@aws-amplify/auth";
import { cognitoUserPoolsTokenProvider } from "@aws-amplify/auth/cognito";
import { codeFor } from "./outbox.mjs";

const { ENDPOINT, POOL_ID, CLIENT_ID, NAME, PASSWORD, OTHER_PASSWORD } = process.env;
const address = `${NAME}@example.com`;
const settings = { Cognito: { userPoolId: POOL_ID, userPoolClientId: CLIENT_ID, userPoolEndpoint: ENDPOINT } };
const kept = new Map();
cognitoUserPoolsTokenProvider.setAuthConfig(settings);
cognitoUserPoolsTokenProvider.setKeyValueStorage({
  setItem: async (key, value) => void kept.set(key, value),
  getItem: async (key) => kept.get(key) ?? null,
  removeItem: async (key) => void kept.delete(key),
  clear: async () => kept.clear(),
});
Amplify.configure({ Auth: settings }, { Auth: { tokenProvider: cognitoUserPoolsTokenProvider } });

const signedUp = await auth.signUp({
  username: NAME,
  password: PASSWORD,
  options: { userAttributes: { email: address } },
});
assert.equal(signedUp.nextStep.signUpStep, "CONFIRM_SIGN_UP");
const early = await auth.signIn({ username: NAME, password: PASSWORD });
assert.equal(early.nextStep.signInStep, "CONFIRM_SIGN_UP");
const confirmed = await auth.confirmSignUp({ username: NAME, confirmationCode: codeFor(address) });
assert.equal(confirmed.isSignUpComplete, true);

await assert.rejects(auth.signIn({ username: NAME, password: `${PASSWORD}!` }), { name: "NotAuthorizedException" });
const signedIn = await auth.signIn({ username: NAME, password: PASSWORD });
assert.equal(signedIn.nextStep.signInStep, "DONE");
assert.equal((await auth.getCurrentUser()).username, NAME);
assert.equal((await auth.fetchUserAttributes()).email_verified, "true");
const first = (await auth.fetchAuthSession()).tokens;
const second = (await auth.fetchAuthSession({ forceRefresh: true })).tokens;
assert.notEqual(String(first.accessToken), String(second.accessToken));

const moved = await auth.updateUserAttributes({ userAttributes: { email: `${NAME}@example.org` } });
assert.equal(moved.email.nextStep.updateAttributeStep, "CONFIRM_ATTRIBUTE_WITH_CODE");
await auth.confirmUserAttribute({ userAttributeKey: "email", confirmationCode: codeFor(`${NAME}@example.org`) });
await auth.updatePassword({ oldPassword: PASSWORD, newPassword: OTHER_PASSWORD });
await auth.signOut({ global: true });
await assert.rejects(auth.getCurrentUser(), { name: "UserUnAuthenticatedException" });

await auth.resetPassword({ username: NAME });
await auth.confirmResetPassword({
  username: NAME,
  confirmationCode: codeFor(`${NAME}@example.org`),
  newPassword: PASSWORD,
});

const choice = await auth.signIn({ username: NAME, options: { authFlowType: "USER_AUTH" } });
assert.equal(choice.nextStep.signInStep, "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION");
assert.deepEqual(choice.nextStep.availableChallenges, ["PASSWORD", "PASSWORD_SRP"]);
const chosen = await auth.confirmSignIn({ challengeResponse: "PASSWORD" });
assert.equal(chosen.nextStep.signInStep, "CONFIRM_SIGN_IN_WITH_PASSWORD");
assert.equal((await auth.confirmSignIn({ challengeResponse: PASSWORD })).nextStep.signInStep, "DONE");
await auth.signOut();
for (const preferredChallenge of ["PASSWORD", "PASSWORD_SRP"]) {
  const options = { authFlowType: "USER_AUTH", preferredChallenge };
  const preferred = await auth.signIn({ username: NAME, password: PASSWORD, options });
  assert.equal(preferred.nextStep.signInStep, "DONE");
  await auth.signOut();
}

await auth.signIn({ username: NAME, password: PASSWORD });
await auth.deleteUser();

console.log(JSON.stringify({ access: String(second.accessToken), id: String(second.idToken) }));
