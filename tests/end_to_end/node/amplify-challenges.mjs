// Challenges of functions, and a password that has to be chosen, with Amplify. Prints the tokens it was given.
import assert from "node:assert/strict";
import * as auth from "@aws-amplify/auth";
import { configure } from "./amplify-app.mjs";

const { NAME, PASSWORD, OTHER_PASSWORD } = process.env;
const signIn = async (authFlowType, password) =>
  (await auth.signIn({ username: NAME, password, options: { authFlowType } })).nextStep;
const answer = async (challengeResponse, options) =>
  (await auth.confirmSignIn({ challengeResponse, options })).nextStep;

configure();

// Invited: the password is temporary, and a name is missing
const asked = await signIn("USER_PASSWORD_AUTH", PASSWORD);
assert.equal(asked.signInStep, "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED");
assert.deepEqual(asked.missingAttributes, ["given_name"]);
const userAttributes = { given_name: "Jane" };
await assert.rejects(answer("short", { userAttributes }), { name: "InvalidPasswordException" });
assert.equal((await answer(OTHER_PASSWORD, { userAttributes })).signInStep, "DONE");
assert.equal((await auth.fetchUserAttributes()).given_name, "Jane");
await auth.signOut();

// A challenge without a password, in two rounds, and after one that SRP proves
for (const [flow, password] of [["CUSTOM_WITHOUT_SRP"], ["CUSTOM_WITH_SRP", OTHER_PASSWORD]]) {
  const spider = await signIn(flow, password);
  assert.equal(spider.signInStep, "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE");
  assert.equal(spider.additionalInfo.question, "How many legs has a spider?");
  assert.equal((await answer("6")).signInStep, "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE");
  assert.equal((await answer("8")).signInStep, "DONE");
  if (password === undefined) await auth.signOut();
}
const { tokens } = await auth.fetchAuthSession();
await auth.signOut();

// Three wrong answers end it
await signIn("CUSTOM_WITHOUT_SRP");
await answer("5");
await answer("6");
await assert.rejects(answer("7"), { name: "NotAuthorizedException" });

console.log(JSON.stringify({ access: String(tokens.accessToken), id: String(tokens.idToken) }));
