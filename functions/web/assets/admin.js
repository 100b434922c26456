// The administrators' page: who is connected, what is about to break, who used what.

import { showAgents } from "./admin-agents.js";
import { showAttention } from "./admin-attention.js";
import { showOffboard } from "./admin-offboard.js";
import { showOverview } from "./admin-overview.js";
import { attempt, comeBack, onSessionOver, remember } from "./admin-page.js";
import { offerTypes, reload, showPeople } from "./admin-people.js";
import * as texts from "./admin-texts.js";
import "./choosing.js";
import { find, titleOf } from "./page.js";
import * as session from "./session.js";

// Shows one of the three: to whom it is, to a stranger, to somebody else.
function turnTo(id) {
  for (const each of ["office", "stranger", "nobody"]) find(each).hidden = each !== id;
  find("as").hidden = id !== "office";
}

function leave(code) {
  if (code === "forbidden") turnTo("nobody");
  else strange(texts.words.sessionOver);
}

function strange(sentence) {
  session.over();
  turnTo("stranger");
  find("over").textContent = sentence;
  find("over").focus();
}

function signOut(event) {
  return attempt(event.currentTarget, async () => {
    await session.end();
    strange(texts.words.signedOut);
  });
}

async function open() {
  const { roles, user_emails: [email] } = await session.who();
  const admin = roles.includes("admin");
  // Nobody else's page asks for more than this.
  if (!admin && !roles.includes("auditor")) return turnTo("nobody");
  find("as").textContent = texts.words.as(email, admin);
  turnTo("office");
  const overview = () => showOverview({ admin, know: offerTypes });
  const office = { admin, email, titleOf, changed };
  const above = [overview(), showAttention(office)];
  showPeople(office);
  showAgents(titleOf);
  if (admin) showOffboard(office);
  // What the address names is pushed down meanwhile.
  Promise.all(above).then(() => find(location.hash.slice(1))?.scrollIntoView());

  // Shows how things stand now, but for the table in which this row tells of it already.
  function changed(row = null) {
    overview();
    if (!find("attention").contains(row)) showAttention(office);
    if (!find("everybody").contains(row)) reload();
  }
}

onSessionOver(leave);
comeBack();
find("connect").addEventListener("submit", () => remember());
find("sign-out").onclick = signOut;
session.keepAlive(() => leave("unauthenticated"));
if (session.maybe()) attempt(find("main"), open);
else turnTo("stranger");
