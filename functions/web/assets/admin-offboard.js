// Somebody leaves: what will end, confirmed by the e-mail typed again, and what was ended.

import { ask } from "./api.js";
import { attempt, proveFirst } from "./admin-page.js";
import * as texts from "./admin-texts.js";
import { atMinute, find, make } from "./page.js";

const API = "/api/v1/oauth";

const plain = (email) => email.trim().toLowerCase();

let leaver = "";

export function showOffboard(office) {
  find("offboard").hidden = false;
  find("offboard-who").onsubmit = (event) => {
    event.preventDefault();
    leaver = plain(find("leaver").value);
    find("offboard-done").replaceChildren();
    return plan(office);
  };
  find("offboard-sure").onsubmit = (event) => {
    event.preventDefault();
    // Pressed twice, it is done once.
    if (find("offboard").ariaBusy !== "true" && isSure()) end(office);
  };
  find("again").oninput = () => show("");
  // Back from proving more: filled in, nothing begun.
  const { searchParams } = new URL(location.href);
  const named = searchParams.get("offboard");
  if (!named) return;
  find("leaver").value = named;
  find("leaver").scrollIntoView();
  find("leaver").focus();
}

function plan(office) {
  const asked = new URLSearchParams({ user_email_prefix: leaver });
  find("offboard-plan").hidden = true;
  return attempt(find("offboard"), async (isNewest) => {
    const { users } = await ask(`${API}/users?${asked}`);
    if (!isNewest()) return;
    const theirs = users.filter((user) => user.user_email === leaver);
    find("offboard-none").textContent = theirs.length ? "" : texts.words.offboardNone;
    find("offboard-none").hidden = theirs.length > 0;
    find("offboard-list").replaceChildren(
      ...theirs.map(({ connector_type: type, status }) => {
        const over = status === "revoked";
        const what = over ? texts.words.offboardAlready : texts.words.offboardEnds;
        return make("li", {}, make("strong", {}, office.titleOf(type)), `: ${what}`);
      }),
    );
    find("again").value = "";
    show("");
    find("offboard-sure").querySelector("button").textContent =
      texts.words.offboardButton(leaver);
    find("offboard-plan").hidden = false;
    find("offboard-plan-heading").focus();
  });
}

function isSure() {
  const same = plain(find("again").value) === leaver;
  show(same ? "" : texts.words.difference);
  if (!same) find("again").focus();
  return same;
}

function show(difference) {
  find("difference").textContent = difference;
  if (difference) find("again").ariaInvalid = "true";
  else find("again").removeAttribute("aria-invalid");
}

function end(office) {
  const done = find("offboard-done");
  return attempt(find("offboard"), async () => {
    try {
      done.replaceChildren(...told(await ask(`${API}/offboard`, "POST", { user_email: leaver }), office));
    } catch (problem) {
      if (problem.code !== "step_up_required") throw problem;
      done.replaceChildren(proveFirst(office.email, { offboard: leaver }));
      return done.focus();
    }
    find("offboard-plan").hidden = true;
    find("leaver").value = "";
    // The button that had the focus is gone.
    done.focus();
    office.changed();
  });
}

function told(certificate, office) {
  return [
    make("h3", {}, texts.words.offboardDone(certificate.user_email)),
    make("ul", {}, ...certificate.connections.map((each) => ending(each, office))),
    make("p", {}, texts.words.offboardSignedOut),
    keep(certificate),
  ];
}

function ending(each, office) {
  const { user_email: email, connector_type: type, access_token_valid_until: until } = each;
  const sentences = [
    texts.ended[each.provider],
    until ? texts.words.tokenUntil(atMinute(until)) : texts.words.tokenGone,
    ...each.connected_elsewhere.map((other) =>
      texts.words.elsewhere(office.titleOf(other.connector_type), other.user_email),
    ),
  ];
  return make(
    "li",
    {},
    make("strong", {}, texts.words.offboardOf(office.titleOf(type), email)),
    ...sentences.map((sentence) => make("p", {}, sentence)),
  );
}

// The certificate as the server gave it: its digest stands in the log, so it can be compared.
function keep(certificate) {
  const file = new Blob([`${JSON.stringify(certificate, null, 2)}\n`], { type: "application/json" });
  const href = URL.createObjectURL(file);
  const download = texts.words.certificateFile(certificate.user_email);
  const button = { href, download, role: "button", className: "secondary outline" };
  return make("a", button, texts.words.certificate);
}
