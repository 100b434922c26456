// The session behind a page: who it is, what the frame of the page offers them, how it ends.

import { ask } from "./api.js";

const SESSION = "/api/v1/account/session";
const RENEWED_EVERY = 600_000; // milliseconds; a third of what a session may be idle

const main = document.querySelector("main");
const find = (id) => document.getElementById(id);

// Whether there may be somebody: what the server saw of a cookie, or what the API said since.
export const maybe = () => main.dataset.session !== "none";

// Asks who is signed in, and lets the frame show what they may go to; throws a Problem.
export async function who() {
  const session = await ask(SESSION);
  const overseer = session.roles.some((role) => role === "admin" || role === "auditor");
  find("nav").hidden = false;
  find("to-admin").hidden = !overseer;
  find("to-sign-out").hidden = false;
  for (const link of find("nav").querySelectorAll("a")) {
    if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
  }
  return session;
}

// Shows the page as a stranger sees it, with the form to sign in where it has one.
export function over() {
  main.dataset.session = "none";
  find("nav").hidden = true;
  for (const part of document.querySelectorAll("[data-for=session]")) part.hidden = true;
  for (const part of document.querySelectorAll("[data-for=stranger]")) part.hidden = false;
}

export function end(everywhere = false) {
  return ask(everywhere ? `${SESSION}?everywhere=true` : SESSION, "DELETE");
}

// While the page is looked at the session lives on; an API that does not answer is asked again later.
export function keepAlive(whenOver) {
  const renew = () => {
    if (!maybe() || document.visibilityState !== "visible") return;
    ask(SESSION).catch((problem) => problem.code === "unauthenticated" && whenOver());
  };
  setInterval(renew, RENEWED_EVERY);
  document.addEventListener("visibilitychange", renew);
}
