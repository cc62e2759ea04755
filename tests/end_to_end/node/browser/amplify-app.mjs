// Amplify as a web page sets it up: it keeps what it knows where the browser keeps it.
import { Amplify } from "aws-amplify";

/** For the pool POOL_ID, or another one: from then on it is what Amplify talks to. */
export function configure(userPoolId = process.env.POOL_ID, userPoolClientId = process.env.CLIENT_ID) {
  Amplify.configure({ Auth: { Cognito: { userPoolId, userPoolClientId, userPoolEndpoint: process.env.ENDPOINT } } });
}
