// Remembered devices with Amplify: it confirms them by itself. Prints the tokens it was given.
import assert from "node:assert/strict";
import * as auth from "@aws-amplify/auth";
import { configure } from "./amplify-app.mjs";
import { App } from "./authenticator.mjs";

const { NAME, PASSWORD } = process.env;
// A browser has one, of which it makes the device's name; without a name it confirms none.
Object.defineProperty(globalThis, "navigator", { value: { userAgent: "a browser" } });
const CODE = "CONFIRM_SIGN_IN_WITH_TOTP_CODE";
const signIn = async (authFlowType = "USER_PASSWORD_AUTH") =>
  (await auth.signIn({ username: NAME, password: PASSWORD, options: { authFlowType } })).nextStep.signInStep;
const answer = async (challengeResponse) => (await auth.confirmSignIn({ challengeResponse })).nextStep.signInStep;

configure();
assert.equal(await signIn(), "DONE");
const app = new App((await auth.setUpTOTP()).sharedSecret);
await auth.verifyTOTPSetup({ code: app.code() });
await auth.updateMFAPreference({ totp: "PREFERRED" });
const [device] = await auth.fetchDevices();
assert.equal(device.name, "a browser");
assert.equal(device.attributes["dev:device_remembered_status"], "not_remembered");
assert.ok(Math.abs(device.createDate - Date.now()) < 60_000);
await auth.signOut();

// Not remembered yet
assert.equal(await signIn(), CODE);
assert.equal(await answer(app.code()), "DONE");
await auth.rememberDevice();
await auth.signOut();

// Remembered, whatever the password came by; the tokens are refreshed on the device
for (const flow of ["USER_PASSWORD_AUTH", "USER_SRP_AUTH"]) {
  assert.equal(await signIn(flow), "DONE");
  const { tokens } = await auth.fetchAuthSession({ forceRefresh: true });
  assert.equal(tokens.accessToken.payload.device_key, device.id);
  await auth.signOut();
}

// Forgotten from elsewhere: this computer finds out, drops its key, and is asked for the factor
assert.equal(await signIn(), "DONE");
const { tokens } = await auth.fetchAuthSession();
const devices = await auth.fetchDevices();
assert.deepEqual(devices.map((one) => [one.id, one.attributes["dev:device_remembered_status"]]), [
  [device.id, "remembered"],
]);
await auth.forgetDevice({ device: { id: device.id } });
await auth.signOut();
assert.equal(await signIn("USER_SRP_AUTH"), CODE);
assert.equal(await answer(app.code()), "DONE");
const [found, ...others] = await auth.fetchDevices();
assert.deepEqual(others, []);
assert.notEqual(found.id, device.id);
await auth.rememberDevice();
await auth.forgetDevice();
await auth.signOut();
assert.equal(await signIn(), CODE);

console.log(JSON.stringify({ access: String(tokens.accessToken), id: String(tokens.idToken) }));
