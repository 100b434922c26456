// How a connection stands, in a word, and how it will end.

import * as texts from "./admin-texts.js";
import { make, onDay } from "./page.js";

const SOON = 14 * 86_400_000; // milliseconds

// Until when an end is soon.
export const endingBy = () => new Date(Date.now() + SOON).toISOString();

// Shows in its row how a connection stands.
export function standing(line, user) {
  const badge = line.querySelector(".status");
  const ends = user.lives_until;
  const soon = ends?.reason === "grant_expires" && new Date(ends.at) - Date.now() <= SOON;
  badge.dataset.status = onHold(user) ? "quarantined" : soon ? "ends_soon" : user.status;
  badge.textContent = texts.health[badge.dataset.status];
  line.children[3].replaceChildren(...forecast(user));
}

const onHold = ({ status, quarantined_at: restored }) => status === "active" && restored;

function forecast(user) {
  const { status, reason, lives_until: ends, failing_because: because } = user;
  if (onHold(user)) return [texts.onHold];
  if (status === "needs_sign_in") return [texts.reasons[reason] ?? texts.anotherReason];
  if (status !== "active" || !ends) return [];
  const known = texts.forecasts[ends.reason]?.(onDay(ends.at)) ?? onDay(ends.at);
  const failing = texts.failing[because];
  return failing ? [make("span", { className: "warning" }, failing), make("small", {}, known)] : [known];
}
