// Remembered devices with amazon-cognito-identity-js: it confirms them by itself. Prints the tokens it was given.
import assert from "node:assert/strict";
import { App } from "./authenticator.mjs";
import { outcome, outcomeOf, people, told } from "./identity-people.mjs";

const jane = people(process.env.POOL_ID, process.env.CLIENT_ID);
const remembers = (device) =>
  device.DeviceAttributes.find((one) => one.Name === "dev:device_remembered_status").Value;

// A first sign-in: the user is to be asked whether the device is remembered
const user = jane.user("USER_SRP_AUTH");
const begun = await jane.signIn(user);
assert.deepEqual([begun.asked, begun.told[1]], ["onSuccess", true]);
const secret = await new Promise((associateSecretCode, onFailure) =>
  user.associateSoftwareToken({ associateSecretCode, onFailure }),
);
const app = new App(secret);
await outcome((callbacks) => user.verifySoftwareToken(app.code(), "a telephone", callbacks));
await told((done) => user.setUserMfaPreference(null, { PreferredMfa: true, Enabled: true }, done));

// Not remembered yet: the factor is asked for, and the device is known all the same
const known = jane.user();
assert.equal((await jane.signIn(known)).asked, "totpRequired");
await outcome((callbacks) => known.sendMFACode(app.code(), callbacks, "SOFTWARE_TOKEN_MFA"));
const { Device } = await outcome((callbacks) => known.getDevice(callbacks));
assert.equal(remembers(Device), "not_remembered");
assert.equal(await outcome((callbacks) => known.setDeviceStatusRemembered(callbacks)), "SUCCESS");

// Remembered: no second factor, and the tokens are refreshed on the device
const again = jane.user("USER_SRP_AUTH");
const signedIn = await jane.signIn(again);
assert.equal(signedIn.asked, "onSuccess");
const first = signedIn.told[0];
const second = await told((done) => again.refreshSession(first.getRefreshToken(), done));
assert.notEqual(second.getAccessToken().getJwtToken(), first.getAccessToken().getJwtToken());
assert.equal(second.getAccessToken().decodePayload().device_key, Device.DeviceKey);
const listed = await outcome((callbacks) => again.listDevices(10, null, callbacks));
assert.deepEqual(listed.Devices.map((one) => one.DeviceKey), [Device.DeviceKey]);
assert.equal(remembers(listed.Devices[0]), "remembered");

// With the plain password, too
const plain = jane.user();
assert.equal((await jane.signIn(plain)).asked, "onSuccess");

// Remembered no more: the factor is back
assert.equal(await outcome((callbacks) => again.setDeviceStatusNotRemembered(callbacks)), "SUCCESS");
const asked = jane.user();
assert.equal((await jane.signIn(asked)).asked, "totpRequired");
await outcome((callbacks) => again.setDeviceStatusRemembered(callbacks));

// Forgotten from elsewhere: this computer finds out, drops its key, and is asked for the factor
assert.equal(await outcome((callbacks) => again.forgetSpecificDevice(Device.DeviceKey, callbacks)), "SUCCESS");
const forgotten = jane.user("USER_SRP_AUTH");
assert.equal((await jane.signIn(forgotten)).asked, "totpRequired");
await outcomeOf((callbacks) => forgotten.sendMFACode(app.code(), callbacks, "SOFTWARE_TOKEN_MFA"));
const now = await outcome((callbacks) => forgotten.listDevices(10, null, callbacks));
assert.equal(now.Devices.length, 1);
assert.notEqual(now.Devices[0].DeviceKey, Device.DeviceKey);
assert.equal(await outcome((callbacks) => forgotten.forgetDevice(callbacks)), "SUCCESS");
assert.equal((await jane.signIn(jane.user())).asked, "totpRequired");

console.log(
  JSON.stringify({ access: second.getAccessToken().getJwtToken(), id: second.getIdToken().getJwtToken() }),
);
