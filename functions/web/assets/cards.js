// One connection as a card: how it is, until when, what it allows, and what can be done about it.

import { showHistory } from "./history.js";
import { atMinute, copyOf, kinds, make, onDay, titleOf } from "./page.js";
import { revoke } from "./revoking.js";
import * as texts from "./texts.js";

const SOON = 14 * 24 * 3600 * 1000; // milliseconds before the end of which a person is told

// Makes the card; `reload` shows all anew once it was revoked.
export function card(connection, reload) {
  const { connector_type: connectorType, user_email: email, status } = connection;
  const item = copyOf("connection");
  const part = (selector) => item.querySelector(selector);
  const alive = status !== "revoked";
  const health = healthOf(connection);

  picture(part("img"), connectorType);
  part("h3").textContent = titleOf(connectorType);
  part(".status").textContent = texts.status[health];
  part(".status").dataset.status = health;
  part(".address").append(`${email} · `, since(connection, alive));
  text(part(".forecast"), forecast(connection));
  text(part(".reason"), status === "needs_sign_in" && reason(connection));
  list(part(".granted"), alive ? connection.scopes : []);
  list(part(".missing"), alive ? connection.missing_scopes : []);
  if (!alive) part(".agents").remove();
  part(".history").ontoggle = (event) => showHistory(event.currentTarget, connection);

  if (!["active", "quarantined"].includes(health) || connection.missing_scopes.length > 0) {
    part("[name=user_email]").value = email;
    part("[name=connector_type]").value = connectorType;
    if (status === "active" && health !== "ends_soon") part(".again").classList.add("secondary", "outline");
  } else part("form").remove();
  const button = part(".revoke");
  button.setAttribute("aria-label", texts.words.revokeLabel(titleOf(connectorType), email));
  button.onclick = () => revoke(connection, button, reload);
  if (!alive) button.remove();
  if (!part(".actions").childElementCount) part(".actions").remove();
  return item;
}

// A connector type with nothing connected, and the way to connect it.
export function offer(connectorType, email) {
  const item = copyOf("offer");
  const link = item.querySelector("a");
  const title = titleOf(connectorType);
  picture(item.querySelector("img"), connectorType);
  item.querySelector("h3").textContent = title;
  link.href = `/connect?${new URLSearchParams({ connector_type: connectorType, user_email: email })}`;
  link.textContent = texts.words.connect;
  link.setAttribute("aria-label", texts.words.connectLabel(title));
  return item;
}

function picture(image, connectorType) {
  const provider = kinds[connectorType]?.provider;
  if (provider) image.src = `/assets/${provider}.svg`;
  else image.remove();
}

function text(line, sentence) {
  if (sentence) line.textContent = sentence;
  else line.remove();
}

function healthOf(connection) {
  if (connection.status === "active" && connection.quarantined_at) return "quarantined";
  return endsSoon(connection) ? "ends_soon" : connection.status;
}

// Only the end that the person can put off, by signing in again.
function endsSoon({ lives_until: end }) {
  return end?.reason === "grant_expires" && new Date(end.at) - Date.now() < SOON;
}

function forecast({ status, quarantined_at: restored, lives_until: end }) {
  if (status === "active" && restored) return texts.onHold;
  return end && texts.forecasts[end.reason]?.(onDay(end.at));
}

function reason(connection) {
  return texts.reasons[connection.reason] ?? texts.anotherReason;
}

function since(connection, alive) {
  const words = alive ? texts.words.nowSince : texts.words.wasSince;
  const at = connection.connected_at;
  return make("time", { dateTime: at, className: "since" }, words(atMinute(at)));
}

function list(block, scopes) {
  if (!scopes.length) return block.remove();
  const items = texts.permissions(scopes).map((words) => make("li", {}, words));
  block.querySelector("ul").replaceChildren(...items);
}
