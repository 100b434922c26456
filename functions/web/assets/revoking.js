// Ending a connection: asked once more before, told truthfully after.

import { ask } from "./api.js";
import { atMinute, confirmed, find, make, pressed, sayAndGoThere, titleOf } from "./page.js";
import * as texts from "./texts.js";

const USER = "/api/v1/oauth/user";

export async function revoke(connection, button, reload) {
  const { connector_type: connectorType, user_email: email } = connection;
  const title = titleOf(connectorType);
  if (!(await confirmed(texts.revoking(title, email)))) return;
  await pressed(button, async () => {
    try {
      const path = [connectorType, email].map(encodeURIComponent).join("/");
      tell(title, await ask(`${USER}/${path}`, "DELETE"));
    } catch (problem) {
      if (problem.code !== "not_connected") throw problem;
      sayAndGoThere(texts.words.goneAlready(title));
    }
    await reload();
  });
}

function tell(title, ended) {
  const until = ended.access_token_valid_until;
  sayAndGoThere(
    texts.words.revoked(title),
    texts.ended[ended.provider],
    until ? texts.words.tokenUntil(atMinute(until)) : texts.words.tokenGone,
  );
  const more = texts.removeAt[ended.provider];
  if (more) find("notice").append(make("a", { href: more.url, rel: "noreferrer" }, more.words));
}
