// The page to sign in and connect: signing in needs no script; this makes it shorter.

import * as session from "./session.js";
import * as texts from "./texts.js";
import "./choosing.js";

const find = (id) => document.getElementById(id);
const address = new URL(location.href);

async function greet() {
  const { user_emails: emails } = await session.who();
  find("signed-in").firstElementChild.textContent = texts.words.signedInAs(emails[0]);
  find("signed-in").hidden = false;
  find("user_email").value ||= emails[0];
}

// What older links and frontends call the first page for is the account's now.
if (address.searchParams.has("flow_handle") || address.hash === "#agents") {
  location.replace(`/account${address.search}${address.hash}`);
} else if (session.maybe()) {
  greet().catch((problem) => problem.code === "unauthenticated" && session.over());
}
