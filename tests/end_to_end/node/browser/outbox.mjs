// What the server wrote to its outbox file, as the test that serves this page reads it.
export function codeFor(address) {
  return told("code", address);
}

/** What the test knows and a page does not; a page has no other way to wait than this. */
export function told(what, about) {
  const asked = new XMLHttpRequest();
  asked.open("GET", `/${what}?about=${encodeURIComponent(about)}`, false);
  asked.send();
  return asked.responseText;
}
