// Under each connection: the agents that could use it, what they did, and the person's word on them.

import { ask } from "./api.js";
import { chosen } from "./leave.js";
import { atMinute, copyOf, kinds, make, onDay, titleOf } from "./page.js";
import * as texts from "./texts.js";

const DELEGATIONS = "/api/v1/account/delegations";
const USAGE = "/api/v1/account/usage";
const EVERY = "*"; // the agent of a word on all that have none of their own

export function keyOf({ connector_type: connectorType, user_email: email }) {
  return `${connectorType} ${email}`;
}

// Shows the agents in the cards (by `keyOf`); `change` runs what a button does.
export async function showAgents(cards, change) {
  if (!cards.size) return;
  const { agents, delegations } = await ask(DELEGATIONS);
  for (const [key, card] of cards) {
    const mine = agents.filter((agent) => keyOf(agent) === key);
    const words = delegations.filter((word) => keyOf(word) === key);
    const rows = mine.map((agent) => row(agent, wordOn(agent, words), change));
    const block = card.querySelector(".agents");
    block.querySelector("ul").replaceChildren(...rows);
    block.querySelector(".quiet").textContent = rows.length ? "" : texts.words.noAgents;
    block.hidden = false;
  }
  await Promise.all([...cards].map(([key, card]) => showUsage(card, key)));
}

function wordOn({ agent }, words) {
  return words.find((word) => word.agent === agent) ?? words.find((word) => word.agent === EVERY);
}

function row(agent, word, change) {
  const item = copyOf("agent");
  const title = titleOf(agent.connector_type);
  const cut = !agent.actions.length;
  const give = item.querySelector(".give");
  item.dataset.agent = agent.agent;
  item.querySelector(".name").textContent = agent.agent;
  item.querySelector(".does").textContent = does(agent, word);
  give.textContent = cut ? texts.words.allow : texts.words.limit;
  give.setAttribute("aria-label", (cut ? texts.words.allowLabel : texts.words.limitLabel)(agent.agent, title));
  give.onclick = () => leave(agent, word, give, change);
  const button = item.querySelector(".cut");
  button.textContent = texts.words.cut;
  button.setAttribute("aria-label", texts.words.cutLabel(agent.agent, title));
  button.onclick = () =>
    change(button, async () => {
      await withdraw(agent);
      return texts.words.wasCut(agent.agent, title);
    });
  if (cut) button.remove();
  return item;
}

function does({ actions }, word) {
  if (word?.over) return texts.words.leaveOver(onDay(word.expires_at));
  const until = actions.length && word?.expires_at;
  return texts.mayDo(actions) + (until ? texts.words.until(onDay(until)) : "");
}

async function leave(agent, word, button, change) {
  const { connector_type, user_email, agent: name } = agent;
  const title = titleOf(connector_type);
  const said = await chosen(agent, word, kinds[connector_type]?.provider, title);
  if (!said) return;
  await change(button, async () => {
    await ask(DELEGATIONS, "PUT", { connector_type, user_email, agent: name, ...said });
    return texts.words.allowed(name, title, texts.mayDo(said.actions));
  });
}

function withdraw({ connector_type, user_email, agent }) {
  return ask(`${DELEGATIONS}?${new URLSearchParams({ connector_type, user_email, agent })}`, "DELETE");
}

// Who used it, and when last: under the agent, or in a line of its own for one that may no longer.
async function showUsage(card, key) {
  const [connector_type, user_email] = key.split(" ");
  const { usage } = await ask(`${USAGE}?${new URLSearchParams({ connector_type, user_email })}`);
  const list = card.querySelector(".agents ul");
  for (const item of list.children) item.querySelector(".used").textContent = texts.words.neverUsed;
  for (const use of usage) {
    const rows = [...list.children];
    const line = rows.find((item) => item.dataset.agent === use.agent)?.querySelector(".used");
    const words = texts.words.used(atMinute(use.last_used_at), texts.did(use.action), use.purpose);
    if (line) line.textContent = words;
    else list.append(make("li", {}, make("p", {}, use.agent), make("p", { className: "quiet" }, words)));
  }
}
