// What is broken, and what soon will be, before everything else.

import { ask } from "./api.js";
import { attempt } from "./admin-page.js";
import { row } from "./admin-people.js";
import { endingBy } from "./admin-standing.js";
import * as texts from "./admin-texts.js";
import { find, make } from "./page.js";

const USERS = "/api/v1/oauth/users";
const AT_ONCE = 5;

export function showAttention(office) {
  return attempt(find("attention"), async () => {
    const questions = [{ status: "needs_sign_in" }, { ends_by: endingBy() }];
    const pages = await Promise.all(
      questions.map((question) =>
        ask(`${USERS}?${new URLSearchParams({ ...question, limit: AT_ONCE + 1 })}`),
      ),
    );
    const [broken, ending] = pages.map((page) => page.users);
    const rows = [broken, ending].flatMap((users) => users.slice(0, AT_ONCE));
    find("attention-rows").replaceChildren(...rows.map((user) => row(user, office)));
    find("attention-table").hidden = !rows.length;
    find("attention-none").textContent = rows.length ? "" : texts.words.noneBroken;
    find("attention-none").hidden = rows.length > 0;
    find("attention-more").replaceChildren(
      ...more(broken, "needs_sign_in", texts.words.allBroken),
      ...more(ending, "ends_soon", texts.words.allEnding),
    );
  });
}

function more(users, health, sentence) {
  if (users.length <= AT_ONCE) return [];
  return [make("a", { href: `/admin?health=${health}#everybody` }, sentence), " "];
}
