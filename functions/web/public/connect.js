// For frontends of other origins: sends a person here to connect an account, and says how that ended.
// How to use it: docs/guide.md, "In your own frontend".
//
// It needs no cookie of ours, so it does not mind that browsers block those of third parties; and so all
// it can know is how a sign-in ended that this tab began. Whether somebody is connected, a back end asks.

const HOME = new URL(import.meta.url).origin;
const OURS = "multi-user-oauth"; // in sessionStorage, and the channel between windows
const PATIENCE = 15_000; // milliseconds: for an answer, and for the browser to leave the page
const WAITS = [400, 700, 1_000, 2_000, 3_000, 5_000]; // between two questions; then always the last
const FAILURES = 6; // in a row, before asking is given up

// All that people read. A page may change them; so may an element: text-email_mismatch="...".
export const texts = {
  microsoft: "Sign in with Microsoft",
  google: "Sign in with Google",
  other: "Connect your account",
  again: "Sign in again",
  check: "Check again",
  email: "Work e-mail",
  starting: "One moment…",
  waiting: "Go on in the other window.",
  checking: "Looking how your sign-in ended…",
  connected: "{email} is connected.",
  pending: "You have not finished signing in.",
  failed: "That did not work ({code}). Start again, or ask your administrator.",
  access_denied: "You said no, so nothing was connected.",
  admin_consent_required: "Your administrator must approve this first.",
  consent_missing_required_scope: "A permission is missing. Start again and leave the boxes ticked.",
  consumer_account_refused: "That is a private account. Start again with your work account.",
  email_mismatch: "That was another account than {email}. Start again and choose that one.",
  expired: "That took too long. Start again.",
  flow_expired: "That took too long. Start again.",
  guest_refused: "That is a guest account. Start again with an account of the organisation itself.",
  held_by_another_account: "Somebody else’s account is connected as {email}. Ask your administrator.",
  malformed_email: "That is not an e-mail address.",
  offline: "The server does not answer. Try again in a moment.",
  origin_not_allowed: "This page may not start a sign-in. Tell whoever runs it.",
  popup_blocked: "Your browser blocked the window. Allow it for this page, then try again.",
  provider_unavailable: "The provider does not answer. Try again in a few minutes.",
  return_to_refused: "A sign-in may not end on this page. Tell whoever runs it.",
  too_many_requests: "Too many attempts. Try again in a few minutes.",
  unknown_connector_type: "There is no such connection here. Tell whoever runs this page.",
  wrong_tenant: "That account belongs to another organisation. Start again with your work account.",
};

function say(key, userEmail = "", own = () => null) {
  const known = Object.hasOwn(texts, key) ? texts[key] : texts.failed;
  const words = { "{email}": userEmail, "{code}": key };
  return (own(key) ?? known).replace(/\{email\}|\{code\}/g, (name) => words[name]);
}

// `code` is one of `texts`, or the API's; `field` names what the API did not like.
export class ConnectError extends Error {
  name = "ConnectError";

  constructor(code, field) {
    super(say(code));
    this.code = code;
    this.field = field;
  }
}

// --- the API ---

async function ask(vault, path, content) {
  let response, body;
  try {
    response = await fetch(`${vault}/api/v1/oauth/${path}`, {
      method: content ? "POST" : "GET",
      headers: content && { "Content-Type": "application/json" },
      body: content && JSON.stringify(content),
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(PATIENCE),
    });
    body = await response.json();
  } catch {
    throw new ConnectError(response ? "internal_error" : "offline");
  }
  if (response.ok) return body;
  const returnTo = body.code === "invalid_request" && body.field === "return_to";
  throw new ConnectError(returnTo ? "return_to_refused" : (body.code ?? "internal_error"), body.field);
}

// A browser does not say whether it got no answer or may not show it. This file every page may read.
async function why(problem, vault) {
  if (problem.code !== "offline") return problem;
  const asked = { cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(PATIENCE) };
  const there = await fetch(`${vault}/connect.js`, asked).then((found) => found.ok, () => false);
  if (!there) return problem;
  console.error(`connect.js: CORS_ORIGINS of ${vault} has to name ${location.origin}`);
  return new ConnectError("origin_not_allowed");
}

// --- what this tab began ---

function remembered() {
  try {
    return JSON.parse(sessionStorage.getItem(OURS)) ?? [];
  } catch {
    return []; // a page without storage learns nothing after it was left
  }
}

function remember(flows) {
  try {
    sessionStorage.setItem(OURS, JSON.stringify(flows));
  } catch {}
}

const forget = ({ handle }) => remember(remembered().filter((flow) => flow.handle !== handle));

// --- how it ended ---

const bell = new EventTarget(); // rings when there is news

function pause(milliseconds) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      bell.removeEventListener("ring", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    bell.addEventListener("ring", end);
  });
}

// Asks until it is over, which it is after half an hour at the latest; or, if not `patient`, once.
async function outcome(flow, patient, signal) {
  for (let asked = 0, failures = 0; ; asked++) {
    if (signal?.aborted) throw new ConnectError("aborted");
    try {
      const { status, code } = await ask(flow.vault, `flow/${encodeURIComponent(flow.handle)}`);
      failures = 0;
      if (status !== "pending" || !patient) return told(flow, status, code);
    } catch (problem) {
      if (problem.code === "invalid_request") forget(flow);
      if (problem.code === "invalid_request" || ++failures >= FAILURES) throw problem;
    }
    await pause(WAITS[asked] ?? WAITS.at(-1));
  }
}

function told({ handle, connector, userEmail }, status, code = status) {
  if (status !== "pending") forget({ handle });
  const message = say(code, userEmail);
  return { status, code: status === "failed" ? code : undefined, connector, userEmail, message };
}

// The vault wrote into the address which sign-in has ended. Anybody can write that: it only says which to
// ask for first, and only among those that this tab began.
function arrival() {
  const address = new URL(location.href);
  const handle = address.searchParams.get("flow_handle");
  if (!handle) return null;
  const others = (part) => !/^(connector_type|flow_handle)=/.test(part);
  address.search = address.search.slice(1).split("&").filter(others).join("&");
  history.replaceState(history.state, "", address);
  return handle;
}

// Whether another window of this origin began it, and waits for it there.
async function belongsElsewhere(handle) {
  const channel = new BroadcastChannel(OURS);
  const answer = new Promise((resolve) => {
    channel.onmessage = ({ data }) => data.taken === handle && resolve(true);
  });
  channel.postMessage({ arrived: handle });
  const taken = await Promise.race([answer, pause(500)]);
  channel.close();
  return taken === true;
}

async function lookUp(handle) {
  const flows = remembered();
  const mine = flows.find((flow) => flow.handle === handle);
  const unknown = { status: "unknown", message: "" };
  if (handle && !mine && (await belongsElsewhere(handle))) {
    window.close();
    return unknown;
  }
  const flow = mine ?? flows.at(-1);
  const found = flow && (await outcome(flow, Boolean(mine)));
  if (found && (mine || found.status !== "expired")) return found;
  return handle ? unknown : null;
}

const before = remembered();
let arrived = arrival();
let asked;

// Resolves with how the sign-in ended from which the person comes back: null if this tab began none, status
// "pending" if they came back before its end, "unknown" if the address names one that this tab did not begin.
export function result() {
  asked ??= lookUp(arrived).catch((problem) => {
    asked = undefined;
    throw problem;
  });
  arrived = null;
  return asked;
}

const shownAgain = new Promise((resolve) => {
  addEventListener("pageshow", (event) => event.persisted && resolve());
});

// --- the way there ---

function target(returnTo) {
  const url = new URL(returnTo || location.href, location.href);
  // What browsers leave as it is, and the vault refuses.
  return url.href.replace(/[\\^`{|}]/g, encodeURIComponent);
}

// Sends the person to sign in: resolves with how it ended where the page was not left, or shown again as it was.
export async function connect(options) {
  const { connector, userEmail, scopes = [], returnTo, mode, vault = HOME, signal, typed } = options;
  // At once, while the browser still knows that the person asked for it.
  const other = mode === "popup" ? open("", "_blank", "popup,width=540,height=740") : null;
  if (mode === "popup" && !other) throw new ConnectError("popup_blocked");
  const channel = other && new BroadcastChannel(OURS);
  try {
    const begun = await ask(vault, "user/authorize", {
      connector_type: connector,
      user_email: userEmail,
      return_to: target(returnTo),
      scopes,
    }).catch(async (problem) => {
      throw await why(problem, vault);
    });
    const flow = { handle: begun.flow_handle, connector, userEmail, vault, typed };
    remember([...remembered().filter((old) => old.connector !== connector), flow]);
    if (!other) {
      location.assign(begun.authorization_url);
      await Promise.race([shownAgain, pause(PATIENCE)]);
      return await outcome(flow, false, signal);
    }
    channel.onmessage = ({ data }) => {
      if (data.arrived !== flow.handle) return;
      channel.postMessage({ taken: flow.handle });
      bell.dispatchEvent(new Event("ring"));
    };
    signal?.addEventListener("abort", () => bell.dispatchEvent(new Event("ring")));
    other.opener = null; // the provider's pages learn nothing of this one
    other.location.replace(begun.authorization_url);
    return await outcome(flow, true, signal);
  } catch (problem) {
    other?.close();
    throw problem;
  } finally {
    setTimeout(() => channel?.close(), PATIENCE); // the other window may come back after the news of it
  }
}

// --- the element ---

const STYLE = `
:host { display: inline-block; max-width: 100%; font-family: var(--oauth-connect-font, inherit); line-height: 1.4 }
:host([hidden]), [hidden] { display: none !important }
form, p { margin: 0 }
label { display: block }
input { margin: .2rem 0 .5rem }
input, button { box-sizing: border-box; width: 100%; min-height: 44px; padding: .4rem .6rem; border-radius: var(--oauth-connect-radius, 4px); font: inherit }
input { border: 1px solid light-dark(#767e8a, #8b95a1); background: Field; color: FieldText }
button { display: inline-flex; gap: .6rem; align-items: center; justify-content: center; border: 1px solid var(--oauth-connect-border, light-dark(#747775, #8e918f)); background: var(--oauth-connect-background, light-dark(#fff, #131314)); color: var(--oauth-connect-color, light-dark(#1f1f1f, #e3e3e3)); font-size: .9375rem; font-weight: 500; cursor: pointer }
button.microsoft { border-color: var(--oauth-connect-border, #8c8c8c); background: var(--oauth-connect-background, light-dark(#fff, #2f2f2f)); color: var(--oauth-connect-color, light-dark(#5e5e5e, #fff)); font-weight: 600 }
button:hover { box-shadow: 0 1px 4px rgb(0 0 0 / 30%) }
button[aria-disabled=true] { opacity: .7; box-shadow: none; cursor: default }
:focus-visible { outline: 3px solid var(--oauth-connect-focus, light-dark(#1a56b0, #8fb8f6)); outline-offset: 2px }
svg { flex: none; width: 20px; height: 20px }
p { overflow-wrap: anywhere }
p:not(:empty) { margin-top: .4rem }
:host([state=connected]) p::before { content: "✓ " / "" }
:host([state=failed]) p::before { content: "⚠ " / "" }`;

const LOGOS = {
  microsoft: [21, "#f25022", "M0 0h10v10H0z", "#7fba00", "M11 0h10v10H11z", "#00a4ef", "M0 11h10v10H0z", "#ffb900", "M11 11h10v10H11z"],
  google: [48,
    "#ea4335", "M24 9.5c3.54 0 6.71 1.22 9.21 3.6l6.85-6.85C35.9 2.38 30.47 0 24 0 14.62 0 6.51 5.38 2.56 13.22l7.98 6.19C12.43 13.72 17.74 9.5 24 9.5z",
    "#4285f4", "M46.98 24.55c0-1.57-.15-3.09-.38-4.55H24v9.02h12.94c-.58 2.96-2.26 5.48-4.78 7.18l7.73 6c4.51-4.18 7.09-10.36 7.09-17.65z",
    "#fbbc05", "M10.53 28.59c-.48-1.45-.76-2.99-.76-4.59s.27-3.14.76-4.59l-7.98-6.19C.92 16.46 0 20.12 0 24c0 3.88.92 7.54 2.56 10.78l7.97-6.19z",
    "#34a853", "M24 48c6.48 0 11.93-2.13 15.89-5.81l-7.73-6c-2.15 1.45-4.92 2.3-8.16 2.3-6.26 0-11.57-4.22-13.47-9.91l-7.98 6.19C6.51 42.62 14.62 48 24 48z"],
};

function logo(provider) {
  const draw = (name, attributes, ...parts) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...parts);
    return element;
  };
  const [size, ...strokes] = LOGOS[provider] ?? [];
  if (!size) return [];
  const paths = strokes.filter((_, at) => at % 2).map((d, at) => draw("path", { d, fill: strokes[2 * at] }));
  return [draw("svg", { viewBox: `0 0 ${size} ${size}`, "aria-hidden": "true", part: "logo" }, ...paths)];
}

function make(name, properties, ...parts) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...parts);
  return element;
}

const PROPERTIES = {
  connector: "connector",
  userEmail: "user-email",
  scopes: "scopes",
  returnTo: "return-to",
  mode: "mode",
  provider: "provider",
  label: "label",
  vault: "vault",
  state: "state",
};
const BUSY = ["starting", "checking"];

export class OAuthConnect extends HTMLElement {
  static observedAttributes = [...Object.values(PROPERTIES), "disabled"];
  #abort;
  #code = ""; // of what is said
  #lost = false; // nobody could say how a sign-in ended
  #form = make("form", { noValidate: true });
  #label = make("label", { htmlFor: "email" });
  #email = make("input", { id: "email", type: "email", autocomplete: "email", maxLength: 254 });
  #button = make("button", { type: "submit" });
  #message = make("p", { id: "message", role: "status" });

  constructor() {
    super();
    const sheet = new CSSStyleSheet(); // no inline style: a strict policy of the page would refuse it
    sheet.replaceSync(STYLE);
    const root = this.attachShadow({ mode: "open", delegatesFocus: true });
    root.adoptedStyleSheets = [sheet];
    const parts = { label: this.#label, input: this.#email, button: this.#button, message: this.#message };
    for (const [name, element] of Object.entries(parts)) element.part = name;
    this.#email.setAttribute("aria-describedby", "message");
    this.#form.append(this.#label, this.#email, this.#button, this.#message);
    root.append(this.#form);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#press();
    });
  }

  connectedCallback() {
    // What a framework set before this file was there.
    for (const name of [...Object.keys(PROPERTIES), "disabled"]) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      delete this[name];
      this[name] = value;
    }
    this.#paint();
    if (!this.state) this.#check(result());
  }

  disconnectedCallback() {
    this.#abort?.abort();
  }

  attributeChangedCallback() {
    this.#paint();
  }

  get disabled() {
    return this.hasAttribute("disabled");
  }

  set disabled(value) {
    this.toggleAttribute("disabled", Boolean(value));
  }

  #paint() {
    const own = (key) => this.getAttribute(`text-${key}`);
    const words = (key) => say(key, this.userEmail || this.#email.value, own);
    const { state } = this;
    const provider = this.provider || ["microsoft", "google"].find((name) => this.connector.startsWith(name)) || "other";
    const label = this.#lost ? words("check") : state === "connected" ? words("again") : this.label || words(provider);
    this.#label.hidden = this.#email.hidden = Boolean(this.userEmail);
    this.#label.textContent = words("email");
    // The providers allow their look for their own words only.
    const look = this.#lost || state === "connected" ? "other" : provider;
    this.#button.className = look;
    this.#button.replaceChildren(...logo(look), label);
    this.#button.setAttribute("aria-disabled", this.disabled || BUSY.includes(state));
    this.#email.setAttribute("aria-invalid", this.#code === "malformed_email");
    const said = state === "failed" || state === "" ? this.#code : state;
    const message = said && words(said);
    if (this.#message.textContent !== message) this.#message.textContent = message;
  }

  #show(state, code = "", lost = false) {
    this.#code = code;
    this.#lost = lost;
    this.state = state;
    this.#paint();
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, detail }));
  }

  async #check(question) {
    const { connector, userEmail } = this;
    const mine = before.find((flow) =>
      flow.connector === connector && (userEmail ? flow.userEmail === userEmail : flow.typed));
    if (!mine) return;
    this.#show("checking");
    try {
      const found = await question;
      if (found?.connector === connector && found.userEmail === mine.userEmail) this.#end(found);
      else this.#show("");
    } catch (problem) {
      this.#fail(problem, true);
    }
  }

  #end(found) {
    this.#email.value ||= found.userEmail;
    if (found.status === "pending") return this.#show("", "pending");
    if (found.status === "connected") this.#show("connected");
    else this.#show("failed", found.code ?? found.status);
    this.#tell(found.status === "connected" ? "connected" : "failed", found);
  }

  #fail({ code = "internal_error", message }, lost = false) {
    if (code === "aborted") return;
    const { connector, userEmail } = this;
    this.#show("failed", code, lost);
    this.#tell("failed", { status: "failed", code, connector, userEmail, message });
  }

  async #press() {
    if (this.disabled || BUSY.includes(this.state)) return;
    if (this.#lost) return this.#check(result());
    const { connector, mode, returnTo } = this;
    const userEmail = this.userEmail || this.#email.value.trim();
    if (!this.userEmail && !(userEmail && this.#email.checkValidity())) {
      this.#show("failed", "malformed_email");
      return this.#email.focus();
    }
    this.#abort?.abort();
    const { signal } = (this.#abort = new AbortController());
    this.#show(mode === "popup" ? "waiting" : "starting");
    this.#tell("pending", { connector, userEmail });
    const scopes = this.scopes.split(/\s+/).filter(Boolean);
    const vault = this.vault || undefined;
    const typed = !this.userEmail; // in this element's own field, not another's
    try {
      this.#end(await connect({ connector, userEmail, scopes, returnTo, mode, vault, signal, typed }));
    } catch (problem) {
      this.#fail(problem);
    }
  }
}

for (const [name, attribute] of Object.entries(PROPERTIES)) {
  Object.defineProperty(OAuthConnect.prototype, name, {
    get() {
      return this.getAttribute(attribute) ?? "";
    },
    set(value) {
      const text = Array.isArray(value) ? value.join(" ") : (value ?? "");
      if (text === "") this.removeAttribute(attribute);
      else this.setAttribute(attribute, text);
    },
  });
}

if (!customElements.get("oauth-connect")) customElements.define("oauth-connect", OAuthConnect);
