// An app in one page: the code flow with PKCE (RFC 6749, RFC 7636), by hand, so that it can be read. Use a kept library in yours.
const main = document.querySelector("main");
const { pool, clientId, rp, page } = main.dataset;
const here = location.origin + location.pathname;
const SCOPES = "openid email profile";
const MEANS = {
  sub: "who it is: this id never changes",
  iss: "who gave the token: this pool",
  aud: "whom it is for: this app",
  client_id: "which app it was given to",
  token_use: "what it is for: id or access",
  exp: "when it ends",
  iat: "when it was made",
  auth_time: "when the user last proved who they are",
  jti: "the id of this very token",
  origin_jti: "the id of the sign-in: refreshed tokens share it",
  event_id: "the sign-in in the audit trail",
  nonce: "what this app sent along: the answer is to its own question",
  at_hash: "ties the access token to this one",
  acr: "how strongly the user was recognised",
  amr: "by what: pwd is a password, otp a code, pop a passkey, swk a remembered device",
  sid: "the session of the browser, as this app knows it",
  scope: "what the app may do",
  email: "the user's address",
  email_verified: "whether a code came back from it",
  version: "of the token's form",
  username: "the name that the user signs in by",
  "cognito:username": "the name that the user signs in by",
};
const $ = (id) => document.getElementById(id);
const say = (text) => { $("status").textContent = text; };
const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const claimsOf = (token) => JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0))));
const element = (name, text) => { const made = document.createElement(name); if (text !== undefined) made.textContent = text; return made; };

const told = (name, value) => ["exp", "iat", "auth_time"].includes(name) ? `${value} (${new Date(value * 1000).toLocaleString()})` : typeof value === "object" ? JSON.stringify(value) : String(value);

const table = (title, hint, values) => {
  const rows = element("table");
  for (const [name, value] of Object.entries(values)) {
    const row = rows.insertRow();
    const head = element("th", name);
    head.scope = "row";
    row.append(head, element("td", told(name, value)), element("td", MEANS[name] ?? ""));
  }
  $("shown").append(element("h2", title), element("p", hint), rows);
};

let tokens = null;
const show = () => {
  $("shown").replaceChildren();
  $("start").hidden = tokens !== null;
  $("end").hidden = tokens === null;
  if (tokens === null) return say("Nobody is signed in to this app.");
  const who = claimsOf(tokens.id_token);
  say(`Signed in as ${who["cognito:username"] ?? who.email ?? who.sub}.`);
  table("ID token", "For the app: who signed in, and how. Signed by the pool; an app that is a server checks it by the pool's keys.", who);
  table("Access token", "For APIs: what the app may do for the user.", claimsOf(tokens.access_token));
  if (tokens.refresh_token) table("Refresh token", "For the token endpoint alone: new tokens without the user. It is good once, and cannot be read.", { length: tokens.refresh_token.length });
};

const begin = async (more) => {
  const kept = { state: random(), nonce: random(), verifier: random(), silent: more.prompt === "none" };
  sessionStorage.setItem("demo", JSON.stringify(kept));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(kept.verifier));
  location.assign(`${pool}/oauth2/authorize?${new URLSearchParams({
    response_type: "code", client_id: clientId, redirect_uri: here, scope: SCOPES,
    state: kept.state, nonce: kept.nonce, code_challenge: base64url(digest), code_challenge_method: "S256", ...more,
  })}`);
};

const ask = async (form) => {
  const answer = await fetch(`${pool}/oauth2/token`, { method: "POST", body: new URLSearchParams({ client_id: clientId, ...form }) });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error_description ?? said.error);
  return said;
};

const finish = async (answer) => {
  const kept = JSON.parse(sessionStorage.getItem("demo") ?? "{}");
  sessionStorage.removeItem("demo");
  history.replaceState(null, "", location.pathname);
  if (!kept.state || answer.get("state") !== kept.state) throw new Error("this answer is to no question of this page");
  if (kept.silent && answer.has("error")) return; // nobody is signed in any more, and nobody was asked
  if (answer.has("error")) throw new Error(answer.get("error_description") ?? answer.get("error"));
  tokens = await ask({ grant_type: "authorization_code", code: answer.get("code"), redirect_uri: here, code_verifier: kept.verifier });
  if (claimsOf(tokens.id_token).nonce !== kept.nonce) throw new Error("this ID token is to no question of this page");
};

const trying = (what) => async () => { try { await what(); } catch (error) { say(`It did not work: ${error.message}.`); } };
$("sign-in").addEventListener("click", trying(() => begin({})));
$("sign-up").addEventListener("click", trying(() => begin({ prompt: "create" })));
$("sign-out").addEventListener("click", () => location.assign(`${pool}/logout?${new URLSearchParams({ client_id: clientId, logout_uri: here })}`));
// The pages of the account: the user comes back with nothing, and this page, which keeps its tokens in memory alone, gets new ones silently.
const errand = (to, more = {}) => {
  sessionStorage.setItem("demo-errand", "1");
  location.assign(`${pool}/${to}?${new URLSearchParams({ client_id: clientId, redirect_uri: here, ...more })}`);
};
$("add-passkey").addEventListener("click", () => errand("passkeys/add"));
$("add-authenticator").addEventListener("click", () => errand("factors/add", { factor: "SOFTWARE_TOKEN_MFA" }));
const takesPasskeys = location.hostname === rp || location.hostname.endsWith(`.${rp}`);
$("add-passkey").hidden = !takesPasskeys;
$("elsewhere").hidden = takesPasskeys || page === here;
$("refresh").addEventListener("click", trying(async () => {
  tokens = { ...tokens, ...(await ask({ grant_type: "refresh_token", refresh_token: tokens.refresh_token })) };
  show();
}));
$("user-info").addEventListener("click", trying(async () => {
  const answer = await fetch(`${pool}/oauth2/userInfo`, { headers: { Authorization: `Bearer ${tokens.access_token}` } });
  table("UserInfo", "What the pool says of the user now, to whoever has the access token.", await answer.json());
}));
const answer = new URLSearchParams(location.search);
const isBack = sessionStorage.getItem("demo-errand") !== null;
sessionStorage.removeItem("demo-errand");
if (answer.has("code") || answer.has("error")) await trying(async () => { await finish(answer); show(); })();
else if (isBack) await trying(() => begin({ prompt: "none" }))();
else show();
if (tokens === null && !isBack) $("start").hidden = false;
