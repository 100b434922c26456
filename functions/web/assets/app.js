// The connections of whoever is signed in: shows them, revokes them, says who may use them.
// Signing in needs no script.

import { keyOf, showAgents } from "./agents.js";
import { Problem, ask } from "./api.js";
import * as texts from "./texts.js";

const API = "/api/v1/oauth";
const SESSION = "/api/v1/account/session";
const RENEWED_EVERY = 600_000; // milliseconds; a third of what a session may be idle

const main = document.querySelector("main");
const kinds = JSON.parse(main.dataset.connectorTypes);
const find = (id) => document.getElementById(id);
const withAgents = new Map(); // the cards on which the person has a word to say
const when = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function titleOf(connectorType) {
  return kinds[connectorType]?.title ?? connectorType;
}

function say(...sentences) {
  const lines = sentences.map((sentence) => {
    const line = document.createElement("p");
    line.append(sentence);
    return line;
  });
  find("notice").replaceChildren(...lines);
}

// Runs an action; if it fails, says so in plain words with a button that runs it again.
async function attempt(action) {
  find("trouble").hidden = true;
  try {
    await action();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (problem.code === "unauthenticated") return signedOut();
    find("trouble").querySelector("p").textContent =
      texts.troubles[problem.code] ?? texts.anotherTrouble;
    find("retry").onclick = () => attempt(action);
    find("trouble").hidden = false;
  }
}

function signedOut(sentence = texts.words.sessionOver) {
  main.dataset.session = "none";
  find("connections").hidden = true;
  say(sentence);
}

async function signOut(button) {
  button.disabled = true;
  await attempt(async () => {
    await ask(SESSION, "DELETE");
    signedOut(texts.words.signedOut);
    // The button that had the focus is gone.
    find("notice").focus();
  });
  button.disabled = false;
}

// While the page is looked at the session lives on; an API that does not answer is asked again later.
async function renew() {
  if (main.dataset.session === "none" || document.visibilityState !== "visible") return;
  await ask(SESSION).catch((problem) => {
    if (problem.code === "unauthenticated") signedOut();
  });
}

async function welcomeBack() {
  const address = new URL(location.href);
  const handle = address.searchParams.get("flow_handle");
  if (!handle) return;
  const connectorType = address.searchParams.get("connector_type");
  address.searchParams.delete("flow_handle");
  address.searchParams.delete("connector_type");
  history.replaceState(null, "", address);
  // The address is a hint that anybody can write; how it ended, the API knows.
  const flow = await ask(`${API}/flow/${encodeURIComponent(handle)}`).catch(() => undefined);
  if (flow?.status === "connected") say(texts.words.connected(titleOf(connectorType)));
}

async function load(pageToken = "") {
  const query = pageToken && `?page_token=${encodeURIComponent(pageToken)}`;
  const page = await ask(`${API}/users${query}`);
  if (!pageToken) {
    find("list").replaceChildren();
    withAgents.clear();
  }
  for (const connection of page.users) {
    const shown = card(connection, page.as);
    find("list").append(shown);
    if (shown.querySelector(".agents")) withAgents.set(keyOf(connection), shown);
  }
  find("empty").hidden = find("list").childElementCount > 0;
  find("more").hidden = !page.next_page_token;
  find("more").onclick = () => attempt(() => load(page.next_page_token));
  const admin = page.as.kind === "admin";
  const everybodys = admin || page.as.kind === "auditor";
  find("who").textContent = texts.words.signedInAs(page.as.name, admin);
  if (everybodys) find("connections-heading").textContent = texts.words.allConnections;
  find("user_email").value ||= page.as.name;
  find("connections").hidden = false;
  await showAgents(withAgents, titleOf, changed);
  if (location.hash === "#agents") goToAgents();
}

// Runs what a button of an agent does, then shows how it stands now; the focus stays where it was.
async function changed(button, action) {
  const card = button.closest(".card");
  const at = [...card.querySelectorAll(".agents button")].indexOf(button);
  button.disabled = true;
  await attempt(async () => {
    say(await action());
    await showAgents(withAgents, titleOf, changed);
    card.querySelectorAll(".agents button")[at]?.focus();
  });
  button.disabled = false;
}

// Where an agent that was refused sends the person to: the address names the connection.
function goToAgents() {
  const named = Object.fromEntries(new URL(location.href).searchParams);
  const agents = withAgents.get(keyOf(named))?.querySelector(".agents");
  if (!agents || agents.hidden) return;
  agents.scrollIntoView();
  agents.querySelector("button").focus();
}

function card(connection, as) {
  const { connector_type: connectorType, user_email: email, status } = connection;
  const item = find("connection").content.cloneNode(true).firstElementChild;
  const part = (selector) => item.querySelector(selector);
  const alive = status !== "revoked";
  const mine = as.kind === "person" || as.name === email;
  const provider = kinds[connectorType]?.provider;

  if (provider) part("img").src = `/assets/${provider}.svg`;
  else part("img").remove();
  part("h3").textContent = titleOf(connectorType);
  part(".status").textContent = texts.status[status];
  part(".status").dataset.status = status;
  part(".address").textContent = email;
  part(".since").append(since(connection, alive));
  part(".reason").textContent =
    status === "needs_sign_in" ? (texts.reasons[connection.reason] ?? texts.anotherReason) : "";
  list(part(".granted"), alive ? connection.scopes : []);
  list(part(".missing"), alive ? connection.missing_scopes : []);
  if (!mine || !alive) part(".agents").remove();

  const incomplete = status !== "active" || connection.missing_scopes.length > 0;
  if (mine && incomplete) {
    part("[name=user_email]").value = email;
    part("[name=connector_type]").value = connectorType;
  } else part("form").remove();
  const revoke = part(".revoke");
  revoke.setAttribute("aria-label", texts.words.revokeLabel(titleOf(connectorType), email));
  revoke.onclick = () => confirmed(connection).then((yes) => yes && end(connection, revoke));
  if (!alive || (!mine && as.kind === "auditor")) revoke.remove();
  if (!part(".actions").childElementCount) part(".actions").remove();
  return item;
}

function since(connection, alive) {
  const moment = new Date(connection.connected_at);
  const time = document.createElement("time");
  time.dateTime = connection.connected_at;
  time.textContent = (alive ? texts.words.nowSince : texts.words.wasSince)(when.format(moment));
  return time;
}

function list(block, scopes) {
  if (!scopes.length) return block.remove();
  const items = texts.permissions(scopes).map((words) => {
    const item = document.createElement("li");
    item.textContent = words;
    return item;
  });
  block.querySelector("ul").replaceChildren(...items);
}

function confirmed(connection) {
  const dialog = find("confirm");
  find("confirm-heading").textContent = texts.words.revokeAsk(titleOf(connection.connector_type));
  find("confirm-text").textContent = texts.words.revokeMeans(connection.user_email);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue === "revoke");
  });
}

async function end(connection, button) {
  const title = titleOf(connection.connector_type);
  button.disabled = true;
  await attempt(async () => {
    try {
      const path = [connection.connector_type, connection.user_email].map(encodeURIComponent);
      tell(title, await ask(`${API}/user/${path.join("/")}`, "DELETE"));
    } catch (problem) {
      if (problem.code !== "not_connected") throw problem;
      say(texts.words.goneAlready(title));
    }
    // The button that had the focus goes away with the card.
    find("notice").focus();
    await attempt(load);
  });
  button.disabled = false;
}

function tell(title, ended) {
  const until = ended.access_token_valid_until;
  say(
    texts.words.revoked(title),
    texts.ended[ended.provider],
    until ? texts.words.tokenUntil(when.format(new Date(until))) : texts.words.tokenGone,
  );
  const more = texts.removeAt[ended.provider];
  if (!more) return;
  const link = document.createElement("a");
  Object.assign(link, { href: more.url, rel: "noreferrer", textContent: more.words });
  find("notice").append(link);
}

// Enter in the e-mail field chooses nothing, but goes where the choice is.
find("user_email").addEventListener("keydown", (event) => {
  const buttons = find("connect").querySelectorAll(".provider");
  if (event.key !== "Enter" || buttons.length < 2) return;
  // Else the same key would press the button that it leads to.
  event.preventDefault();
  if (find("connect").reportValidity()) buttons[0].focus();
});

find("sign-out").onclick = (event) => signOut(event.currentTarget);
setInterval(renew, RENEWED_EVERY);
document.addEventListener("visibilitychange", renew);

welcomeBack();
if (main.dataset.session === "perhaps") attempt(load).then(renew);
