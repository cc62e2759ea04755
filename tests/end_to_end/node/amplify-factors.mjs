// Every factor with Amplify: an app, codes by SMS and e-mail, the choice between them, codes instead of a password, and
// an app that is set up in the middle of a sign-in. Prints the tokens it was given.
import assert from "node:assert/strict";
import * as auth from "@aws-amplify/auth";
import { configure } from "./amplify-app.mjs";
import { App } from "./authenticator.mjs";
import { codeFor } from "./outbox.mjs";

const { NAME, PASSWORD, PHONE, NEEDING_POOL_ID, NEEDING_CLIENT_ID } = process.env;
const address = `${NAME}@example.com`;
const byPassword = { authFlowType: "USER_PASSWORD_AUTH" };
const signIn = async (options = byPassword) =>
  (await auth.signIn({ username: NAME, password: PASSWORD, options })).nextStep;
const choosing = async (options = {}) =>
  (await auth.signIn({ username: NAME, options: { authFlowType: "USER_AUTH", ...options } })).nextStep;
const answer = async (challengeResponse, options) =>
  (await auth.confirmSignIn({ challengeResponse, options })).nextStep;

configure();

// Codes instead of a password: as the preferred way, and by choice
for (const [preferredChallenge, to, step] of [
  ["EMAIL_OTP", address, "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"],
  ["SMS_OTP", PHONE, "CONFIRM_SIGN_IN_WITH_SMS_CODE"],
]) {
  assert.equal((await choosing({ preferredChallenge })).signInStep, step);
  await assert.rejects(answer("wrong"), { name: "CodeMismatchException" });
  assert.equal((await answer(codeFor(to))).signInStep, "DONE");
  await auth.signOut();

  const choice = await choosing();
  assert.equal(choice.signInStep, "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION");
  assert.deepEqual(choice.availableChallenges, ["PASSWORD", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP"]);
  assert.equal((await answer(preferredChallenge)).signInStep, step);
  assert.equal((await answer(codeFor(to))).signInStep, "DONE");
  await auth.signOut();
}

// An app, and all three as second factors
assert.equal((await signIn()).signInStep, "DONE");
const details = await auth.setUpTOTP();
const app = new App(details.sharedSecret);
assert.equal(details.getSetupUri("Shop", NAME).searchParams.get("secret"), details.sharedSecret);
await assert.rejects(auth.verifyTOTPSetup({ code: "000000" }), { name: "EnableSoftwareTokenMFAException" });
await auth.verifyTOTPSetup({ code: app.code() });
await auth.updateMFAPreference({ totp: "ENABLED", sms: "ENABLED", email: "ENABLED" });
const { enabled, preferred } = await auth.fetchMFAPreference();
assert.deepEqual([enabled.toSorted(), preferred], [["EMAIL", "SMS", "TOTP"], undefined]);
await auth.signOut();

const codes = { TOTP: () => app.code(), SMS: () => codeFor(PHONE), EMAIL: () => codeFor(address) };
const steps = {
  TOTP: "CONFIRM_SIGN_IN_WITH_TOTP_CODE",
  SMS: "CONFIRM_SIGN_IN_WITH_SMS_CODE",
  EMAIL: "CONFIRM_SIGN_IN_WITH_EMAIL_CODE",
};
for (const factor of ["TOTP", "SMS", "EMAIL"]) {
  const choice = await signIn();
  assert.equal(choice.signInStep, "CONTINUE_SIGN_IN_WITH_MFA_SELECTION");
  assert.deepEqual(choice.allowedMFATypes.toSorted(), ["EMAIL", "SMS", "TOTP"]);
  assert.equal((await answer(factor)).signInStep, steps[factor]);
  assert.equal((await answer(codes[factor]())).signInStep, "DONE");
  await auth.signOut();
}

// One that is preferred is asked for at once, whatever the password came by
await signIn();
await answer("EMAIL");
await answer(codeFor(address));
await auth.updateMFAPreference({ email: "PREFERRED", totp: "NOT_PREFERRED", sms: "DISABLED" });
await auth.signOut();
assert.equal((await signIn({ authFlowType: "USER_SRP_AUTH" })).signInStep, steps.EMAIL);
assert.equal((await answer(codeFor(address))).signInStep, "DONE");
await auth.signOut();
const chosen = await choosing();
assert.deepEqual(chosen.availableChallenges, ["PASSWORD", "PASSWORD_SRP"]);
assert.equal((await answer("PASSWORD")).signInStep, "CONFIRM_SIGN_IN_WITH_PASSWORD");
assert.equal((await answer(PASSWORD)).signInStep, steps.EMAIL);
assert.equal((await answer(codeFor(address))).signInStep, "DONE");
const { tokens } = await auth.fetchAuthSession({ forceRefresh: true });
await auth.signOut();

// Where everybody needs a factor, who has none sets an app up before there are tokens
configure(NEEDING_POOL_ID, NEEDING_CLIENT_ID);
const setUp = await signIn();
assert.equal(setUp.signInStep, "CONTINUE_SIGN_IN_WITH_TOTP_SETUP");
const other = new App(setUp.totpSetupDetails.sharedSecret);
assert.equal((await answer(other.code(), { friendlyDeviceName: "a telephone" })).signInStep, "DONE");
assert.deepEqual((await auth.fetchMFAPreference()).enabled, ["TOTP"]);
await auth.signOut();
assert.equal((await signIn()).signInStep, steps.TOTP);
assert.equal((await answer(other.code())).signInStep, "DONE");

console.log(JSON.stringify({ access: String(tokens.accessToken), id: String(tokens.idToken) }));
