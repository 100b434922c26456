// The agents, and what the policy lets each of them do.

import { ask } from "./api.js";
import { attempt } from "./admin-page.js";
import * as texts from "./admin-texts.js";
import { copyOf, find, make } from "./page.js";

const AGENTS = "/api/v1/account/agents";

export function showAgents(titleOf) {
  const part = find("agents");
  return attempt(part, async () => {
    const { agents, delegations_required: leave } = await ask(AGENTS);
    find("agents-leave").textContent = leave ? texts.words.leaveNeeded : texts.words.leaveNotNeeded;
    find("agents-none").hidden = agents.length > 0;
    find("agents-leave").hidden = !agents.length;
    find("agents-table").hidden = !agents.length;
    find("agents-rows").replaceChildren(...agents.map((agent) => row(agent, titleOf)));
  });
}

function row(agent, titleOf) {
  const line = copyOf("agent");
  const [name, may, where, whom] = line.children;
  name.textContent = agent.agent;
  may.append(texts.words.agentMay(told(agent.actions)));
  may.append(...narrowed(agent).map((sentence) => make("small", {}, sentence)));
  where.append(agent.connector_types.map(titleOf).join(", "));
  whom.append(...agent.users.map((user) => make("span", { className: "whom" }, user)));
  return line;
}

function narrowed({ scopes, proxy, rate }) {
  return [
    scopes && texts.words.agentScopes(scopes.join(" ")),
    proxy && texts.words.agentProxy(proxy.join(", ")),
    rate && texts.words.agentRate(rate),
  ].filter(Boolean);
}

function told(names) {
  const known = Object.keys(texts.actions).filter((name) => names.includes(name));
  const short = known.includes("token") ? ["token"] : known;
  const unknown = names.filter((name) => !(name in texts.actions));
  return [...short.map((name) => texts.actions[name]), ...unknown];
}
