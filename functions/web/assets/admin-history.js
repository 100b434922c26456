// What happened to one connection, the newest first, and whether that is what was written.

import { ask } from "./api.js";
import { attempt, moment } from "./admin-page.js";
import * as texts from "./admin-texts.js";
import { make } from "./page.js";

const AUDIT = "/api/v1/account/audit";
const VERIFICATION = "/api/v1/account/audit/verification";
const AT_ONCE = 10;

export function showHistory(block, query) {
  block.querySelector(".verify").onclick = () => verify(block, query);
  return load(block, query);
}

function load(block, query, pageToken = "") {
  const asked = new URLSearchParams(query);
  if (pageToken) asked.set("page_token", pageToken);
  return attempt(block, async (isNewest) => {
    const page = await ask(`${AUDIT}?${asked}`);
    if (!isNewest()) return;
    if (!pageToken) block.querySelector("ol").replaceChildren();
    show(block, page.records, page.next_page_token && (() => load(block, query, page.next_page_token)));
  });
}

// Some of these records; the others, and then those of the next page, when asked for.
function show(block, records, next) {
  const more = block.querySelector(".more");
  const rest = records.slice(AT_ONCE);
  const rows = records.slice(0, AT_ONCE).map(item);
  block.querySelector("ol").append(...rows);
  more.onclick = rest.length ? () => show(block, rest, next) : next;
  const over = !rest.length && !next;
  const lost = over && document.activeElement === more;
  more.hidden = over;
  if (lost) block.querySelector(".verify").focus();
}

function item({ sequence, event, reason, actor, at }) {
  const what = texts.events[event] ?? event;
  const why = texts.reasons[reason] ?? reason;
  return make(
    "li",
    { value: sequence },
    make("strong", {}, what),
    why ? `: ${why}` : "",
    make("small", {}, moment(at), ` ${texts.words.by(actor)}`),
  );
}

function verify(block, query) {
  const line = block.querySelector(".verification");
  line.textContent = "";
  return attempt(line, async () => {
    const found = await ask(`${VERIFICATION}?${query}`);
    const { verified, records, problem, at_sequence: at, verified_from: from } = found;
    line.dataset.verified = verified;
    line.textContent = verified
      ? texts.words.verified(records)
      : texts.words.verifiedNot(at, texts.problems[problem] ?? problem);
    if (from > 1) line.append(` ${texts.words.verifiedFrom(from)}`);
  });
}
