// Second factors with amazon-cognito-identity-js: an app, a code by SMS, the choice between them, an app that
// is set up in the middle of a sign-in. It knows no code by e-mail. Prints the tokens it was given.
import assert from "node:assert/strict";
import { App } from "./authenticator.mjs";
import { outcome, outcomeOf, people, told } from "./identity-people.mjs";
import { codeFor } from "./outbox.mjs";

const { NAME, PHONE, NEEDING_POOL_ID, NEEDING_CLIENT_ID } = process.env;
const jane = people(process.env.POOL_ID, process.env.CLIENT_ID);

const user = jane.user();
assert.equal((await jane.signIn(user)).asked, "onSuccess");
const secret = await new Promise((associateSecretCode, onFailure) =>
  user.associateSoftwareToken({ associateSecretCode, onFailure }),
);
const app = new App(secret);
await assert.rejects(
  outcome((callbacks) => user.verifySoftwareToken("12345x", "a telephone", callbacks)),
  { name: "InvalidParameterException" },
);
const verified = await outcome((callbacks) => user.verifySoftwareToken(app.code(), "a telephone", callbacks));
assert.equal(verified.Status, "SUCCESS");
const both = { PreferredMfa: false, Enabled: true };
assert.equal(await told((done) => user.setUserMfaPreference(both, both, done)), "SUCCESS");
const data = await told((done) => user.getUserData(done, { bypassCache: true }));
assert.deepEqual(data.UserMFASettingList.toSorted(), ["SMS_MFA", "SOFTWARE_TOKEN_MFA"]);

// The choice: an app
const chooser = jane.user("USER_SRP_AUTH");
const choice = await jane.signIn(chooser);
assert.equal(choice.asked, "selectMFAType");
assert.deepEqual(JSON.parse(choice.told[1].MFAS_CAN_CHOOSE).toSorted(), ["SMS_MFA", "SOFTWARE_TOKEN_MFA"]);
const byApp = await outcomeOf((callbacks) => chooser.sendMFASelectionAnswer("SOFTWARE_TOKEN_MFA", callbacks));
assert.equal(byApp.asked, "totpRequired");
assert.equal(byApp.told[1].FRIENDLY_DEVICE_NAME, "a telephone");
const first = await outcome((callbacks) => chooser.sendMFACode(app.code(), callbacks, "SOFTWARE_TOKEN_MFA"));
assert.ok(first.isValid());

// The choice: SMS, and a wrong code first
const texter = jane.user();
await jane.signIn(texter);
const bySms = await outcomeOf((callbacks) => texter.sendMFASelectionAnswer("SMS_MFA", callbacks));
assert.equal(bySms.asked, "mfaRequired");
assert.ok(PHONE.endsWith(bySms.told[1].CODE_DELIVERY_DESTINATION.slice(-4)));
await assert.rejects(
  outcome((callbacks) => texter.sendMFACode("wrong", callbacks)),
  { name: "CodeMismatchException" },
);
assert.ok((await outcome((callbacks) => texter.sendMFACode(codeFor(PHONE), callbacks))).isValid());

// One that is preferred is asked for at once
const preferred = { PreferredMfa: true, Enabled: true };
await told((done) => texter.setUserMfaPreference(both, preferred, done));
const plain = jane.user();
assert.equal((await jane.signIn(plain)).asked, "totpRequired");
const session = await outcome((callbacks) => plain.sendMFACode(app.code(), callbacks, "SOFTWARE_TOKEN_MFA"));
await told((done) => plain.setUserMfaPreference(null, { PreferredMfa: false, Enabled: false }, done));
assert.equal((await jane.signIn(jane.user())).asked, "mfaRequired");

// Where everybody needs a factor, who has none sets an app up before there are tokens
const needing = people(NEEDING_POOL_ID, NEEDING_CLIENT_ID);
const setter = needing.user();
const setUp = await needing.signIn(setter);
assert.equal(setUp.asked, "mfaSetup");
assert.deepEqual(JSON.parse(setUp.told[1].MFAS_CAN_SETUP), ["SOFTWARE_TOKEN_MFA"]);
const shared = await new Promise((associateSecretCode, onFailure) =>
  setter.associateSoftwareToken({ associateSecretCode, onFailure }),
);
const other = new App(shared);
assert.ok((await outcome((callbacks) => setter.verifySoftwareToken(other.code(), "mine", callbacks))).isValid());
const again = needing.user();
assert.equal((await needing.signIn(again)).asked, "totpRequired");
assert.ok((await outcome((callbacks) => again.sendMFACode(other.code(), callbacks, "SOFTWARE_TOKEN_MFA"))).isValid());

console.log(
  JSON.stringify({
    access: session.getAccessToken().getJwtToken(),
    id: session.getIdToken().getJwtToken(),
    name: NAME,
  }),
);
