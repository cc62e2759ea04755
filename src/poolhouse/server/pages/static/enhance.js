// Poolhouse enhancements. A module, so that old engines skip it whole; every page is complete without it.
// Wording comes from data- attributes of the page, never from here. Text is set with textContent only.
const all = (css, root = document) => [...root.querySelectorAll(css)];
const one = (css, root = document) => root.querySelector(css);
const say = (text) => { const live = one("#live"); if (live) { live.textContent = ""; setTimeout(() => (live.textContent = text), 60); } };

// The error summary has the autofocus attribute; this covers engines that ignore it on a div.
const summary = one("#errors");
if (summary) addEventListener("load", () => summary.focus());
all("#errors a").forEach((a) => a.addEventListener("click", (e) => {
  const field = document.getElementById(decodeURIComponent(a.hash.slice(1)));
  if (field) { e.preventDefault(); (one(`label[for="${CSS.escape(field.id)}"]`) || field).scrollIntoView(); field.focus({ preventScroll: true }); }
}));

// Show password. Masked again before the form is sent, so that no browser keeps it as plain text.
all("[data-show]").forEach((b) => {
  const field = document.getElementById(b.dataset.show);
  const set = (open) => {
    field.type = open ? "text" : "password";
    b.textContent = open ? b.dataset.hide : b.dataset.label;
    b.setAttribute("aria-label", open ? b.dataset.hideName : b.dataset.labelName);
  };
  set(false);
  b.hidden = false;
  b.addEventListener("click", () => { set(field.type === "password"); say(field.type === "text" ? b.dataset.shown : b.dataset.masked); });
  field.form.addEventListener("submit", () => set(false));
});

// Copy, and print.
all("[data-copy]").forEach((b) => {
  if (!navigator.clipboard) return;
  b.hidden = false;
  b.addEventListener("click", () => navigator.clipboard.writeText(one(b.dataset.copy).textContent.trim().replace(/[ \t]*\n\s*/g, "\n"))
    .then(() => say(b.dataset.done)));
});
all("[data-print]").forEach((b) => { b.hidden = false; b.addEventListener("click", () => print()); });

// Waiting for a new code: the digits tick for the eye, the ear hears one sentence at the end.
all("[data-wait]").forEach((el) => {
  const button = one(el.dataset.for), end = Date.now() + el.dataset.wait * 1000;
  const block = (e) => { e.preventDefault(); say(el.textContent); };
  button.setAttribute("aria-disabled", "true");
  button.addEventListener("click", block);
  const tick = () => {
    const s = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    el.textContent = s ? el.dataset.text.replace("{time}", `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`) : el.dataset.ready;
    if (s) return setTimeout(tick, 1000);
    button.removeAttribute("aria-disabled");
    button.removeEventListener("click", block);
    say(el.dataset.ready);
  };
  tick();
});

// Password rules of the pool, marked as they are met. The server judges; this only saves a round trip.
all("[data-rules]").forEach((list) => {
  const field = document.getElementById(list.dataset.rules);
  field.addEventListener("input", () => all("[data-test]", list).forEach((li) => {
    const met = new RegExp(li.dataset.test, "u").test(field.value);
    if (li.classList.toggle("met", met) !== (li.dataset.met === "1")) { li.dataset.met = met ? "1" : "0"; one(".vh", li).textContent = met ? list.dataset.met : ""; }
  }));
});

// One press, one request. Nothing is disabled, so the button keeps its focus and its value.
all("form").forEach((f) => f.addEventListener("submit", (e) => {
  if (f.ariaBusy === "true") return e.preventDefault();
  if (f.method === "post") f.ariaBusy = "true";
}));
addEventListener("pageshow", () => all("form[aria-busy]").forEach((f) => f.removeAttribute("aria-busy")));

// A time of day in the visitor's own zone.
all("time[data-clock]").forEach((t) => { t.textContent = new Date(t.dateTime).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }); });

// An answer to an app that goes there by a form.
all("form[data-send]").forEach((f) => HTMLFormElement.prototype.submit.call(f));

// Once the apps in the frames know that the visitor left, or after five seconds.
all("a[data-then]").forEach((a) => {
  const go = () => location.replace(a.href);
  addEventListener("load", go);
  setTimeout(go, 5000);
});

// Passkeys: a button (get or create), and the browser's own suggestion at the user-name field.
const K = globalThis.PublicKeyCredential;
let waiting;
const passkey = async (form, kind, more) => {
  const options = JSON.parse(form.dataset.options);
  const publicKey = kind === "create" ? K.parseCreationOptionsFromJSON(options) : K.parseRequestOptionsFromJSON(options);
  const key = await navigator.credentials[kind]({ publicKey, ...more });
  if (!key) return;
  form.elements.credential.value = JSON.stringify(key);
  form.noValidate = true;
  form.requestSubmit();
};
if (K?.parseRequestOptionsFromJSON) all("form[data-options]").forEach(async (form) => {
  all("[data-plain]", form).forEach((p) => (p.hidden = true));
  all("[data-scripted]", form).forEach((p) => (p.hidden = false));
  all("[data-passkey]", form).forEach((b) => {
    b.hidden = false;
    b.addEventListener("click", () => { waiting?.abort(); passkey(form, b.dataset.passkey).catch(() => say(b.dataset.failed)); });
  });
  if (form.dataset.conditional && (await K.isConditionalMediationAvailable?.())) {
    waiting = new AbortController();
    passkey(form, "get", { mediation: "conditional", signal: waiting.signal }).catch(() => {});
  }
});
