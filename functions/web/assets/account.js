// A person's own page: what is connected, how it stands, and what they can do about it.

import { keyOf, showAgents } from "./agents.js";
import { ask } from "./api.js";
import { card, offer } from "./cards.js";
import { attempt, confirmed, find, kinds, pressed, say, signedOut, titleOf } from "./page.js";
import * as session from "./session.js";
import * as texts from "./texts.js";
import "./choosing.js";

const API = "/api/v1/oauth";
const shown = new Map(); // the cards on which the person has a word to say
const listed = new Map(); // for each connector type that has a card: whether it is connected
let me; // the session's e-mail
let everybodys = false; // an administrator or auditor is told of all; here only of their own

// How the sign-in that led here ended. The address is a hint that anybody can write: the API knows.
async function welcomeBack() {
  const address = new URL(location.href);
  const handle = address.searchParams.get("flow_handle");
  if (!handle) return undefined;
  const connectorType = address.searchParams.get("connector_type");
  address.searchParams.delete("flow_handle");
  address.searchParams.delete("connector_type");
  history.replaceState(null, "", address);
  const flow = await ask(`${API}/flow/${encodeURIComponent(handle)}`).catch(() => undefined);
  return flow?.status === "connected" ? connectorType : undefined;
}

async function begin() {
  find("loading").hidden = false;
  try {
    const { roles, user_emails: emails } = await session.who();
    [me] = emails;
    everybodys = roles.some((role) => role !== "person");
    find("who").textContent = texts.words.signedInAs(me);
    find("user_email").value ||= me;
    await load();
  } finally {
    find("loading").hidden = true;
  }
  find("leaving").hidden = false;
}

async function load(pageToken = "") {
  const query = new URLSearchParams();
  if (everybodys) query.set("user_email_prefix", me);
  if (pageToken) query.set("page_token", pageToken);
  const page = await ask(`${API}/users?${query}`);
  if (!pageToken) {
    find("list").replaceChildren();
    shown.clear();
    listed.clear();
  }
  for (const connection of page.users) {
    if (!everybodys || connection.user_email === me) show(connection);
  }
  find("empty").hidden = find("list").childElementCount > 0;
  find("more").hidden = !page.next_page_token;
  find("more").onclick = () => attempt(() => load(page.next_page_token));
  offerTheRest();
  await showAgents(shown, changed);
  if (location.hash === "#agents") goToAgents();
}

function show(connection) {
  const item = card(connection, () => attempt(load));
  find("list").append(item);
  const { connector_type: connectorType, status } = connection;
  listed.set(connectorType, listed.get(connectorType) || status === "active");
  if (status !== "revoked") shown.set(keyOf(connection), item);
}

function offerTheRest() {
  const left = Object.keys(kinds).filter((name) => !listed.has(name) && !kinds[name].retired);
  find("offers").querySelector("ul").replaceChildren(...left.map((name) => offer(name, me)));
  find("offers").hidden = !left.length || !find("more").hidden;
}

// Runs what a button of an agent does, then shows how it stands now; the focus stays where it was.
async function changed(button, action) {
  const row = button.closest(".agents li");
  const at = [...row.parentElement.children].indexOf(row);
  const list = row.parentElement;
  await pressed(button, async () => {
    say(await action());
    await showAgents(shown, changed);
    list.children[at]?.querySelector("button").focus();
  });
}

// Where an agent that was refused sends the person to: the address names the connection.
function goToAgents() {
  const named = new URL(location.href).searchParams;
  const key = keyOf({
    connector_type: named.get("connector_type") ?? named.get("of"),
    user_email: named.get("user_email") ?? me,
  });
  const agents = shown.get(key)?.querySelector(".agents");
  if (!agents || agents.hidden) return;
  agents.scrollIntoView();
  agents.querySelector("button")?.focus();
}

async function signOutEverywhere() {
  if (!(await confirmed(texts.everywhere))) return;
  await attempt(async () => {
    await session.end(true);
    signedOut(texts.words.signedOutEverywhere);
  });
}

// Whoever has to sign in first comes back to what the address is about.
function rememberWhereTo() {
  const named = new URL(location.href).searchParams.get("connector_type");
  const to = location.hash === "#agents" ? `/account?${new URLSearchParams({ of: named })}#agents` : "";
  if (to) find("connect").elements.return_to.value = to;
}

async function start() {
  rememberWhereTo();
  const arrived = welcomeBack();
  if (session.maybe()) await attempt(begin);
  const connectorType = await arrived;
  if (!connectorType) return;
  if (!session.maybe()) return say(texts.words.doneElsewhere);
  say(listed.get(connectorType) ? texts.words.connected(titleOf(connectorType)) : texts.words.signedIn);
}

find("sign-out").onclick = (event) =>
  pressed(event.currentTarget, async () => {
    await session.end();
    signedOut(texts.words.signedOut);
  });
find("everywhere").onclick = signOutEverywhere;
session.keepAlive(signedOut);
start();
