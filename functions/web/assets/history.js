// What happened to a connection, fetched when somebody opens it; older parts when asked for.

import { ask } from "./api.js";
import { atMinute, attempt, make, pressed } from "./page.js";
import * as texts from "./texts.js";

const AUDIT = "/api/v1/account/audit";

export function showHistory(block, connection) {
  const list = block.querySelector("ol");
  if (!block.open || list.childElementCount) return;
  attempt(() => more(block, list, connection));
}

async function more(block, list, connection, pageToken = undefined) {
  const { connector_type, user_email } = connection;
  const query = new URLSearchParams({ connector_type, user_email });
  if (pageToken) query.set("page_token", pageToken);
  list.ariaBusy = "true";
  try {
    const page = await ask(`${AUDIT}?${query}`);
    const rows = page.records.map(row);
    list.append(...rows);
    const button = block.querySelector("button");
    button.hidden = !page.next_page_token;
    button.onclick = () =>
      pressed(button, () => more(block, list, connection, page.next_page_token));
    if (!pageToken) return;
    // Whoever asked for more reads on where it begins.
    rows[0].tabIndex = -1;
    rows[0].focus();
  } finally {
    list.ariaBusy = "false";
  }
}

function row(record) {
  const time = make("time", { dateTime: record.at, className: "quiet" }, atMinute(record.at));
  return make("li", {}, time, make("span", {}, texts.happened(record)));
}
