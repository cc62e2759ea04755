// What programs with amazon-cognito-identity-js share: promises for its callbacks.
import { AuthenticationDetails, CognitoUser, CognitoUserPool } from "amazon-cognito-identity-js";

const { ENDPOINT, NAME, PASSWORD } = process.env;
const QUESTIONS = [
  "customChallenge",
  "mfaRequired",
  "mfaSetup",
  "newPasswordRequired",
  "onSuccess",
  "selectMFAType",
  "totpRequired",
];

/** A promise for what a function tells its last argument, a callback. */
export const told = (start) =>
  new Promise((resolve, reject) => start((error, result) => (error ? reject(error) : resolve(result))));

/** The same for functions with an object of callbacks. */
export const outcome = (start) => new Promise((onSuccess, onFailure) => start({ onSuccess, onFailure }));

/** Which of the callbacks was called, and with what. */
export const outcomeOf = (start) =>
  new Promise((resolve, onFailure) => {
    const callbacks = { onFailure };
    for (const asked of QUESTIONS) callbacks[asked] = (...told) => resolve({ asked, told });
    start(callbacks);
  });

/** NAME in this pool, on one computer. SRP takes these programs seconds, so it is used where it is what is tested. */
export function people(poolId, clientId) {
  const pool = new CognitoUserPool({ UserPoolId: poolId, ClientId: clientId, endpoint: ENDPOINT });
  return {
    user: (flow = "USER_PASSWORD_AUTH") => {
      const user = new CognitoUser({ Username: NAME, Pool: pool });
      user.setAuthenticationFlowType(flow);
      return user;
    },
    signIn: (user, password = PASSWORD) =>
      outcomeOf((callbacks) =>
        user.authenticateUser(new AuthenticationDetails({ Username: NAME, Password: password }), callbacks),
      ),
  };
}
