// A user's journey with the AWS SDK for JavaScript, as a server would go it. Prints the tokens it was given.
import assert from "node:assert/strict";
import {
  CognitoIdentityProvider,
  NotAuthorizedException,
  UsernameExistsException,
} from "@aws-sdk/client-cognito-identity-provider";
import { codeFor } from "./outbox.mjs";

const { ENDPOINT, REGION, ACCESS_KEY_ID, SECRET_ACCESS_KEY, POOL_ID, CLIENT_ID, NAME, PASSWORD } = process.env;
const address = `${NAME}@example.com`;
const aws = new CognitoIdentityProvider({
  endpoint: ENDPOINT,
  region: REGION,
  credentials: { accessKeyId: ACCESS_KEY_ID, secretAccessKey: SECRET_ACCESS_KEY },
  maxAttempts: 1,
});
const signUp = {
  ClientId: CLIENT_ID,
  Username: NAME,
  Password: PASSWORD,
  UserAttributes: [{ Name: "email", Value: address }],
};

await aws.signUp(signUp);
await assert.rejects(aws.signUp(signUp), UsernameExistsException);
await aws.confirmSignUp({ ClientId: CLIENT_ID, Username: NAME, ConfirmationCode: codeFor(address) });
const signedIn = await aws.initiateAuth({
  ClientId: CLIENT_ID,
  AuthFlow: "USER_PASSWORD_AUTH",
  AuthParameters: { USERNAME: NAME, PASSWORD },
});
const { AccessToken, RefreshToken } = signedIn.AuthenticationResult;
assert.equal((await aws.getUser({ AccessToken })).Username, NAME);
const refreshed = await aws.getTokensFromRefreshToken({ ClientId: CLIENT_ID, RefreshToken });

// Signed calls, and dates as they come out of them.
const found = await aws.listUsers({ UserPoolId: POOL_ID, Filter: `username = "${NAME}"` });
assert.equal(found.Users.length, 1);
assert.ok(Math.abs(found.Users[0].UserCreateDate - Date.now()) < 60_000);
await aws.adminDisableUser({ UserPoolId: POOL_ID, Username: NAME });
await assert.rejects(aws.getUser({ AccessToken }), NotAuthorizedException);
await aws.adminEnableUser({ UserPoolId: POOL_ID, Username: NAME });

const again = await aws.adminInitiateAuth({
  UserPoolId: POOL_ID,
  ClientId: CLIENT_ID,
  AuthFlow: "ADMIN_USER_PASSWORD_AUTH",
  AuthParameters: { USERNAME: NAME, PASSWORD },
});
await aws.globalSignOut({ AccessToken: again.AuthenticationResult.AccessToken });
await assert.rejects(
  aws.getTokensFromRefreshToken({ ClientId: CLIENT_ID, RefreshToken: again.AuthenticationResult.RefreshToken }),
  NotAuthorizedException,
);

console.log(
  JSON.stringify({
    access: refreshed.AuthenticationResult.AccessToken,
    id: refreshed.AuthenticationResult.IdToken,
  }),
);
