// What programs with Amplify share: it is set up for a pool, as a web page would do it, and keeps what it knows here.
import { Amplify } from "@aws-amplify/core";
import { cognitoUserPoolsTokenProvider } from "@aws-amplify/auth/cognito";

/** For the pool POOL_ID, or another one: from then on it is what Amplify talks to. */
export function configure(userPoolId = process.env.POOL_ID, userPoolClientId = process.env.CLIENT_ID) {
  const settings = { Cognito: { userPoolId, userPoolClientId, userPoolEndpoint: process.env.ENDPOINT } };
  const kept = new Map();
  cognitoUserPoolsTokenProvider.setAuthConfig(settings);
  cognitoUserPoolsTokenProvider.setKeyValueStorage({
    setItem: async (key, value) => void kept.set(key, value),
    getItem: async (key) => kept.get(key) ?? null,
    removeItem: async (key) => void kept.delete(key),
    clear: async () => kept.clear(),
  });
  Amplify.configure({ Auth: settings }, { Auth: { tokenProvider: cognitoUserPoolsTokenProvider } });
  return kept;
}
