// Challenges of functions, and a password that has to be chosen, with amazon-cognito-identity-js. Prints the tokens.
import assert from "node:assert/strict";
import { outcome, outcomeOf, people, told } from "./identity-people.mjs";
import { AuthenticationDetails } from "amazon-cognito-identity-js";

const { NAME, PASSWORD, OTHER_PASSWORD } = process.env;
const jane = people(process.env.POOL_ID, process.env.CLIENT_ID);

// Invited: the password is temporary, and a name is missing
const invited = jane.user();
const asked = await jane.signIn(invited);
assert.equal(asked.asked, "newPasswordRequired");
const [attributes, required] = asked.told;
assert.equal(attributes.email, `${NAME}@example.com`);
assert.deepEqual(required, ["given_name"]);
await assert.rejects(
  outcome((callbacks) => invited.completeNewPasswordChallenge("short", { given_name: "Jane" }, callbacks)),
  { name: "InvalidPasswordException" },
);
const chosen = await outcome((callbacks) =>
  invited.completeNewPasswordChallenge(OTHER_PASSWORD, { given_name: "Jane" }, callbacks),
);
assert.equal(chosen.getIdToken().payload.given_name, "Jane");
await assert.rejects(jane.signIn(jane.user(), PASSWORD), { name: "NotAuthorizedException" });

// A challenge without a password, in two rounds
const custom = jane.user("CUSTOM_AUTH");
const details = new AuthenticationDetails({ Username: NAME });
const spider = await outcomeOf((callbacks) => custom.initiateAuth(details, callbacks));
assert.equal(spider.asked, "customChallenge");
assert.equal(spider.told[0].question, "How many legs has a spider?");
const wrong = await outcomeOf((callbacks) => custom.sendCustomChallengeAnswer("6", callbacks));
assert.equal(wrong.asked, "customChallenge");
const right = await outcomeOf((callbacks) => custom.sendCustomChallengeAnswer("8", callbacks, { from: "a test" }));
assert.equal(right.asked, "onSuccess");

// Three wrong answers end it
const wrongly = jane.user("CUSTOM_AUTH");
await outcomeOf((callbacks) => wrongly.initiateAuth(details, callbacks));
await outcomeOf((callbacks) => wrongly.sendCustomChallengeAnswer("5", callbacks));
await outcomeOf((callbacks) => wrongly.sendCustomChallengeAnswer("6", callbacks));
await assert.rejects(
  outcomeOf((callbacks) => wrongly.sendCustomChallengeAnswer("7", callbacks)),
  { name: "NotAuthorizedException" },
);

// The same after a password that SRP proves
const after = jane.user("CUSTOM_AUTH");
assert.equal((await jane.signIn(after, OTHER_PASSWORD)).asked, "customChallenge");
assert.equal((await outcomeOf((callbacks) => after.sendCustomChallengeAnswer("8", callbacks))).asked, "onSuccess");

const session = right.told[0];
const shown = await told((done) => custom.getUserAttributes(done));
assert.equal(shown.find((one) => one.getName() === "given_name").getValue(), "Jane");
console.log(
  JSON.stringify({ access: session.getAccessToken().getJwtToken(), id: session.getIdToken().getJwtToken() }),
);
