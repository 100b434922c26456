// Everybody: searched by e-mail, filtered, page by page. The address says what is shown.

import { ask } from "./api.js";
import { announce, attempt, moment } from "./admin-page.js";
import { toggle } from "./admin-person.js";
import { endingBy, standing } from "./admin-standing.js";
import * as texts from "./admin-texts.js";
import { copyOf, find, make } from "./page.js";

const USERS = "/api/v1/oauth/users";
const PAGE = 50;
const TYPING = 300; // milliseconds without a key after which a search begins
const FILTERS = ["email", "type", "health"];

const field = (name) => find("search").elements[name];
let office;
let typing;

export function showPeople(its) {
  office = its;
  find("search").onsubmit = (event) => {
    event.preventDefault();
    show();
  };
  field("email").oninput = () => {
    clearTimeout(typing);
    typing = setTimeout(show, TYPING);
  };
  field("type").onchange = field("health").onchange = show;
  addEventListener("popstate", asAddressed);
  find("office").addEventListener("click", follow);
  return asAddressed();
}

// A link of this page to others of its people is followed without leaving it.
function follow(event) {
  const link = event.target.closest("a[href^='/admin?']");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  history.pushState(null, "", link.href);
  asAddressed();
  find("everybody-heading").focus();
  find("everybody").scrollIntoView();
}

// Offers these connector types as a filter.
export function offerTypes(types) {
  const chosen = field("type").value || new URL(location.href).searchParams.get("type") || "";
  const all = make("option", { value: "" }, texts.words.all);
  const options = types.map((type) =>
    make("option", { value: type.connector_type }, type.title),
  );
  field("type").replaceChildren(all, ...options);
  choose("type", chosen);
}

function choose(name, value) {
  field(name).value = value;
  // What is asked for is shown, also if it is not, or not yet, offered.
  if (field(name).value !== value) field(name).append(make("option", { value, selected: true }, value));
}

// Shows the first page of what is asked for as it is now.
export const reload = () => load();

function asAddressed() {
  const { searchParams } = new URL(location.href);
  for (const name of FILTERS) choose(name, searchParams.get(name) ?? "");
  return load();
}

function show() {
  clearTimeout(typing);
  const address = new URL(location.href);
  for (const name of FILTERS) {
    const value = field(name).value.trim();
    address.searchParams.delete(name);
    if (value) address.searchParams.set(name, value);
  }
  history.replaceState(null, "", address);
  return load();
}

function question(pageToken) {
  const asked = { email: field("email").value.trim(), type: field("type").value };
  const health = field("health").value;
  const soon = health === "ends_soon";
  const query = {
    user_email_prefix: soon ? "" : asked.email,
    connector_type: asked.type,
    status: soon ? "" : health,
    ends_by: soon ? endingBy() : "",
    limit: PAGE,
    page_token: pageToken,
  };
  return new URLSearchParams(Object.entries(query).filter(([, value]) => value));
}

function load(pageToken = "") {
  const soon = field("health").value === "ends_soon";
  field("email").disabled = soon;
  find("search-off").hidden = !soon;
  const asked = question(pageToken);
  return attempt(find("everybody"), async (isNewest) => {
    const page = await ask(`${USERS}?${asked}`);
    if (isNewest()) list(page, Boolean(pageToken));
  });
}

function list(page, more) {
  const rows = page.users.map((user) => row(user, office));
  if (!more) find("people-rows").replaceChildren();
  find("people-rows").append(...rows);
  const count = find("people-rows").querySelectorAll(".open").length;
  const next = page.next_page_token;
  find("people-table").hidden = !count;
  find("people-none").hidden = count > 0;
  find("people-none").textContent = count ? "" : texts.words.noneFound;
  find("people-count").textContent = count ? texts.words.shown(count, Boolean(next)) : "";
  announce(count ? texts.words.shown(count, Boolean(next)) : texts.words.noneFound);
  find("people-more").onclick = () => load(next);
  // Where the focus was, nothing is left on the last page: it goes to the first of the new rows.
  const lost = !next && document.activeElement === find("people-more");
  find("people-more").hidden = !next;
  if (lost) rows[0]?.querySelector(".open").focus();
}

// One connection as a row, which opens to show more of it.
export function row(user, its) {
  const line = copyOf("row");
  const [, type, , , renewed] = line.children;
  const button = line.querySelector(".open");
  button.textContent = user.user_email;
  button.onclick = () => toggle(button, user, its);
  type.textContent = its.titleOf(user.connector_type);
  standing(line, user);
  renewed.append(user.last_refreshed_at ? moment(user.last_refreshed_at) : texts.words.never);
  return line;
}
