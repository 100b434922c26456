// The numbers at the top: connections by connector type and health, each a way to them.

import { ask } from "./api.js";
import { attempt, copyable } from "./admin-page.js";
import * as texts from "./admin-texts.js";
import { copyOf, find, make, onDay } from "./page.js";

const SUMMARY = "/api/v1/oauth/summary";
const DAY = 86_400_000; // milliseconds
const SECRET_SOON = 30; // days

const days = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

// Calls `know` with the connector types before it shows them.
export function showOverview({ admin, know }) {
  return attempt(find("overview"), async () => {
    const { connector_types: types } = await ask(SUMMARY);
    know(types.filter((type) => type.title !== undefined));
    find("types").replaceChildren(...types.map((type) => card(type, admin)));
  });
}

function card(type, admin) {
  const item = copyOf("type");
  const part = (selector) => item.querySelector(selector);
  const title = type.title ?? type.connector_type;
  part("h3").append(title);
  if (type.provider) part("img").src = `/assets/${type.provider}.svg`;
  else part("img").remove();
  const { active, needs_sign_in, revoked } = type.counts;
  const counts = { needs_sign_in, ends_soon: type.ends_soon, active, revoked };
  part("ul").append(
    ...Object.entries(counts).map(([health, count]) => number(type, title, health, count)),
  );
  if (!type.retired) part(".retired").remove();
  secret(part(".secret"), type.client_secret_expires);
  if (admin && type.admin_consent_url) consent(part(".permit"), type.admin_consent_url, title);
  else part(".permit").remove();
  return item;
}

function number(type, title, health, count) {
  const query = new URLSearchParams({ type: type.connector_type, health });
  const link = make(
    "a",
    // What is no longer configured can be counted, not listed.
    type.title === undefined ? {} : { href: `/admin?${query}#everybody` },
    make("strong", {}, new Intl.NumberFormat().format(count)),
    " ",
    make("span", {}, texts.health[health]),
    make("span", { className: "hidden" }, ` ${texts.words.ofType(title)}`),
  );
  link.dataset.status = count ? health : "none";
  return make("li", {}, link);
}

function secret(line, day) {
  if (!day) return line.remove();
  const left = Math.ceil((new Date(day) - Date.now()) / DAY);
  line.classList.toggle("warning", left <= SECRET_SOON);
  const date = onDay(`${day}T12:00`); // the same day in every time zone
  if (left > SECRET_SOON) line.textContent = texts.words.secretUntil(date);
  else if (left > 0) line.textContent = texts.words.secretEnds(date, days.format(left, "day"));
  else line.textContent = texts.words.secretEnded(date);
}

function consent(block, address, title) {
  block.querySelector("a").href = address;
  const label = `${texts.words.consentCopy} ${texts.words.ofType(title)}`;
  block.append(copyable(address, label, texts.words.consentCopy));
}
