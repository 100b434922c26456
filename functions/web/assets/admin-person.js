// One connection, opened: what was allowed, who used it, what happened, and its end.

import { ask } from "./api.js";
import { attempt, copyable, moment, proveFirst } from "./admin-page.js";
import { showHistory } from "./admin-history.js";
import { standing } from "./admin-standing.js";
import * as texts from "./admin-texts.js";
import { atMinute, confirmed, copyOf, make } from "./page.js";
import { permissions } from "./scopes.js";

const API = "/api/v1/oauth/user";
const USAGE = "/api/v1/account/usage";

let opened = 0;

// Opens the row of this button, or closes it.
export function toggle(button, user, office) {
  const line = button.closest("tr");
  const open = button.ariaExpanded === "true";
  button.ariaExpanded = String(!open);
  if (open) {
    line.nextElementSibling.remove();
    button.removeAttribute("aria-controls");
    return;
  }
  const details = copyOf("details");
  details.id = `details-${++opened}`;
  button.setAttribute("aria-controls", details.id);
  line.after(details);
  fill(details, line, user, office);
}

function fill(details, line, user, office) {
  const part = (selector) => details.querySelector(selector);
  const query = new URLSearchParams(keyOf(user));
  facts(part("dl"), user);
  list(part(".granted"), permissions(user.scopes));
  if (user.missing_scopes.length) list(part(".missing"), permissions(user.missing_scopes));
  else part(".without").remove();
  if (user.reauthorize_url) {
    const label = `${texts.words.signInLink} ${user.user_email}`;
    part(".again").append(copyable(user.reauthorize_url, label, texts.words.linkCopy));
  } else part(".again").remove();
  if (!office.admin || user.status === "revoked") part(".changes").remove();
  else {
    part(".revoke").onclick = async () =>
      (await sure(user, office)) && revoke(details, line, user, office);
  }
  attempt(part(".usage"), () => showUsage(part(".usage"), query));
  showHistory(part(".happened"), query);
}

const keyOf = ({ connector_type, user_email }) => ({ connector_type, user_email });

function facts(block, user) {
  const known = {
    [texts.words.connectedAt]: user.connected_at,
    [texts.words.tokenEndsAt]: user.access_token_expires_at,
  };
  for (const [name, at] of Object.entries(known)) {
    if (at) block.append(make("dt", {}, name), make("dd", {}, moment(at)));
  }
}

function list(block, sentences) {
  const items = sentences.length ? sentences : [texts.words.allowedNothing];
  block.replaceChildren(...items.map((sentence) => make("li", {}, sentence)));
}

async function showUsage(block, query) {
  const { usage } = await ask(`${USAGE}?${query}`);
  const none = block.querySelector("p");
  none.textContent = usage.length ? "" : texts.words.noneUsed;
  none.hidden = usage.length > 0;
  block.querySelector("ul").replaceChildren(
    ...usage.map(({ agent, action, purpose, last_used_at: at }) => {
      const deed = [texts.deeds[action] ?? action, ", ", moment(at)];
      const item = make("li", {}, make("strong", {}, agent), make("span", {}, ...deed));
      if (purpose) item.append(make("q", {}, purpose));
      return item;
    }),
  );
}

async function sure(user, office) {
  return confirmed({
    heading: texts.words.revokeAsk(office.titleOf(user.connector_type), user.user_email),
    text: texts.words.revokeMeans,
    yes: texts.words.revoke,
    no: texts.words.keep,
  });
}

function revoke(details, line, user, office) {
  const path = [user.connector_type, user.user_email].map(encodeURIComponent).join("/");
  const outcome = details.querySelector(".outcome");
  const part = details.querySelector("td");
  if (part.ariaBusy === "true") return undefined; // pressed twice, it is done once
  return attempt(part, async () => {
    try {
      tell(outcome, await ask(`${API}/${path}`, "DELETE"));
    } catch (problem) {
      if (problem.code === "step_up_required") {
        outcome.replaceChildren(proveFirst(office.email, { email: user.user_email }));
        return outcome.focus();
      }
      if (problem.code !== "not_connected") throw problem;
      outcome.replaceChildren(make("p", {}, texts.words.goneAlready));
    }
    details.querySelector(".changes").remove();
    standing(line, { ...user, status: "revoked" });
    // The button that had the focus is gone.
    outcome.focus();
    office.changed(line);
    showHistory(details.querySelector(".happened"), new URLSearchParams(keyOf(user)));
  });
}

function tell(outcome, { provider, access_token_valid_until: until }) {
  outcome.replaceChildren(
    make("p", {}, make("strong", {}, texts.words.revoked)),
    make("p", {}, texts.ended[provider]),
    make("p", {}, until ? texts.words.tokenUntil(atMinute(until)) : texts.words.tokenGone),
  );
}
