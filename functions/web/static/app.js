// The connections of whoever is signed in: shows them, revokes them. Signing in needs no script.

import * as texts from "./texts.js";

const API = "/api/v1/oauth";
const PATIENCE = 30_000; // milliseconds; longer than the API waits for anything itself

const main = document.querySelector("main");
const kinds = JSON.parse(main.dataset.connectorTypes);
const find = (id) => document.getElementById(id);
const when = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

class Problem extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

async function ask(path, method = "GET") {
  let response;
  let body;
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    response = await fetch(API + path, { method, signal, headers: { Accept: "application/json" } });
    body = await response.json();
  } catch {
    throw new Problem("offline");
  }
  if (!response.ok) throw new Problem(body.code);
  return body;
}

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

function signedOut() {
  main.dataset.session = "none";
  find("connections").hidden = true;
  say(texts.words.sessionOver);
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
  const flow = await ask(`/flow/${encodeURIComponent(handle)}`).catch(() => undefined);
  if (flow?.status === "connected") say(texts.words.connected(titleOf(connectorType)));
}

async function load(pageToken = "") {
  const query = pageToken && `?page_token=${encodeURIComponent(pageToken)}`;
  const page = await ask(`/users${query}`);
  const cards = page.users.map((connection) => card(connection, page.as));
  if (!pageToken) find("list").replaceChildren();
  find("list").append(...cards);
  find("empty").hidden = find("list").childElementCount > 0;
  find("more").hidden = !page.next_page_token;
  find("more").onclick = () => attempt(() => load(page.next_page_token));
  const admin = page.as.kind === "admin";
  find("who").textContent = texts.words.signedInAs(page.as.name, admin);
  if (admin) find("connections-heading").textContent = texts.words.allConnections;
  find("user_email").value ||= page.as.name;
  find("connections").hidden = false;
}

function card(connection, as) {
  const { connector_type: connectorType, user_email: email, status } = connection;
  const item = find("connection").content.cloneNode(true).firstElementChild;
  const part = (selector) => item.querySelector(selector);
  const alive = status !== "revoked";
  const mine = as.kind !== "admin" || as.name === email;
  const provider = kinds[connectorType]?.provider;

  if (provider) part("img").src = `/static/${provider}.svg`;
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

  const incomplete = status !== "active" || connection.missing_scopes.length > 0;
  if (mine && incomplete) {
    part("[name=user_email]").value = email;
    part("[name=connector_type]").value = connectorType;
  } else part("form").remove();
  const revoke = part(".revoke");
  revoke.setAttribute("aria-label", texts.words.revokeLabel(titleOf(connectorType), email));
  revoke.onclick = () => confirmed(connection).then((yes) => yes && end(connection, revoke));
  if (!alive) revoke.remove();
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
      tell(title, await ask(`/user/${path.join("/")}`, "DELETE"));
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

welcomeBack();
if (main.dataset.session === "perhaps") attempt(load);
