// Under each connection: the agents that could use it, and the person's word on each of them.

import { ask } from "./api.js";
import * as texts from "./texts.js";

const DELEGATIONS = "/api/v1/account/delegations";

// Shows the agents in the cards (by `connector_type user_email`); `change` runs what a button does.
export async function showAgents(cards, titleOf, change) {
  if (!cards.size) return;
  const { agents } = await ask(DELEGATIONS);
  for (const [key, card] of cards) {
    const mine = agents.filter((agent) => keyOf(agent) === key);
    const rows = mine.map((agent) => row(agent, titleOf(agent.connector_type), change));
    card.querySelector(".agents ul").replaceChildren(...rows);
    card.querySelector(".agents").hidden = !rows.length;
  }
}

export function keyOf({ connector_type: connectorType, user_email: email }) {
  return `${connectorType} ${email}`;
}

function row(agent, title, change) {
  const item = document.createElement("li");
  const name = document.createElement("span");
  const does = document.createElement("span");
  const button = document.createElement("button");
  const cut = !agent.actions.length;
  name.className = "name";
  name.textContent = agent.agent;
  does.className = "quiet";
  does.textContent = texts.mayDo(agent.actions);
  button.type = "button";
  button.textContent = cut ? texts.words.allow : texts.words.cut;
  const label = cut ? texts.words.allowLabel : texts.words.cutLabel;
  button.setAttribute("aria-label", label(agent.agent, title));
  button.onclick = () =>
    change(button, async () => {
      await (cut ? allow(agent) : withdraw(agent));
      return (cut ? texts.words.allowed : texts.words.wasCut)(agent.agent, title);
    });
  item.append(name, does, button);
  return item;
}

// All that the policy lets it have: what is less than that, other pages can offer.
function allow({ connector_type, user_email, agent, policy_actions: most }) {
  const actions = most.includes("token") ? ["token"] : most;
  return ask(DELEGATIONS, "PUT", { connector_type, user_email, agent, actions });
}

function withdraw({ connector_type, user_email, agent }) {
  return ask(`${DELEGATIONS}?${new URLSearchParams({ connector_type, user_email, agent })}`, "DELETE");
}
