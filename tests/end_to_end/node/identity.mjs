// A user's journey with amazon-cognito-identity-js, which speaks SRP as browsers do. Prints the tokens it was given.
import assert from "node:assert/strict";
import {
  AuthenticationDetails,
  CognitoUser,
  CognitoUserAttribute,
  CognitoUserPool,
} from "amazon-cognito-identity-js";
import { codeFor } from "./outbox.mjs";

const { ENDPOINT, POOL_ID, CLIENT_ID, NAME, PASSWORD, OTHER_PASSWORD } = process.env;
const address = `${NAME}@example.com`;
const pool = new CognitoUserPool({ UserPoolId: POOL_ID, ClientId: CLIENT_ID, endpoint: ENDPOINT });
const newUser = () => new CognitoUser({ Username: NAME, Pool: pool });

/** A promise for what a function tells its last argument, a callback. */
const told = (start) =>
  new Promise((resolve, reject) => start((error, result) => (error ? reject(error) : resolve(result))));
/** The same for functions with an object of callbacks. */
const outcome = (start) => new Promise((onSuccess, onFailure) => start({ onSuccess, onFailure }));

const signIn = (user, password) =>
  outcome((callbacks) =>
    user.authenticateUser(new AuthenticationDetails({ Username: NAME, Password: password }), callbacks),
  );

const attributes = [new CognitoUserAttribute({ Name: "email", Value: address })];
const signedUp = await told((done) => pool.signUp(NAME, PASSWORD, attributes, [], done));
assert.equal(signedUp.userConfirmed, false);
assert.equal(await told((done) => newUser().confirmRegistration(codeFor(address), false, done)), "SUCCESS");
await assert.rejects(signIn(newUser(), `${PASSWORD}!`), { name: "NotAuthorizedException" });

const user = newUser();
const first = await signIn(user, PASSWORD);
assert.ok(first.isValid());
const second = await told((done) => user.refreshSession(first.getRefreshToken(), done));
assert.notEqual(second.getAccessToken().getJwtToken(), first.getAccessToken().getJwtToken());

const shown = await told((done) => user.getUserAttributes(done));
assert.equal(shown.find((one) => one.getName() === "email_verified").getValue(), "true");
const given = [new CognitoUserAttribute({ Name: "given_name", Value: "Jané 🎈" })];
assert.equal(await told((done) => user.updateAttributes(given, done)), "SUCCESS");
assert.equal(await told((done) => user.changePassword(PASSWORD, OTHER_PASSWORD, done)), "SUCCESS");
await outcome((callbacks) => newUser().forgotPassword({ ...callbacks, inputVerificationCode: callbacks.onSuccess }));
await outcome((callbacks) => newUser().confirmPassword(codeFor(address), PASSWORD, callbacks));

const other = newUser();
await signIn(other, PASSWORD);
await outcome((callbacks) => other.globalSignOut(callbacks));
await assert.rejects(
  told((done) => user.refreshSession(first.getRefreshToken(), done)),
  { name: "NotAuthorizedException" },
);

console.log(
  JSON.stringify({ access: second.getAccessToken().getJwtToken(), id: second.getIdToken().getJwtToken() }),
);
