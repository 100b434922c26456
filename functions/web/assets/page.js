// What the pages of people are made with: words that come and go, and parts of the page.

import { Problem } from "./api.js";
import * as session from "./session.js";
import * as texts from "./texts.js";

const SLOW = 10_000; // milliseconds after which waiting is explained

export const find = (id) => document.getElementById(id);
export const kinds = JSON.parse(document.querySelector("main").dataset.connectorTypes);
export const titleOf = (connectorType) => kinds[connectorType]?.title ?? connectorType;

const minute = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
export const atMinute = (text) => minute.format(new Date(text));
export const onDay = (text) => day.format(new Date(text));

// Makes an element with this content; text stays text.
export function make(tag, properties = {}, ...content) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...content);
  return element;
}

export function copyOf(template) {
  return find(template).content.cloneNode(true).firstElementChild;
}

export function say(...sentences) {
  find("notice").classList.remove("over");
  find("notice").replaceChildren(...sentences.map((sentence) => make("p", {}, sentence)));
}

// Says what ended with what was done, where the button that did it is gone.
export function sayAndGoThere(...sentences) {
  say(...sentences);
  find("notice").focus();
}

export function signedOut(sentence = texts.words.sessionOver) {
  session.over();
  find("trouble").hidden = true;
  sayAndGoThere(sentence);
  find("notice").classList.toggle("over", sentence === texts.words.sessionOver);
}

// Runs an action; if it fails, says so in plain words with a button that runs it again.
export async function attempt(action) {
  find("trouble").hidden = true;
  const slow = setTimeout(() => (find("slow").textContent = texts.words.slow), SLOW);
  try {
    await action();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (problem.code === "unauthenticated") return signedOut();
    find("trouble").querySelector("p").textContent =
      texts.troubles[problem.code] ?? texts.anotherTrouble;
    find("trouble").dataset.code = problem.code;
    find("retry").onclick = () => attempt(action);
    find("trouble").hidden = false;
  } finally {
    clearTimeout(slow);
    find("slow").textContent = "";
  }
}

// The same for what a button does, which can not be pressed meanwhile.
export async function pressed(button, action) {
  button.disabled = true;
  say(); // what was said of the last one is not said of this one
  await attempt(action);
  button.disabled = false;
}

// Asks whether somebody is sure; true if they are.
export function confirmed({ heading, text, yes, no }) {
  const dialog = find("confirm");
  find("confirm-heading").textContent = heading;
  find("confirm-text").textContent = text;
  dialog.querySelector("[value=yes]").textContent = yes;
  dialog.querySelector("[value=no]").textContent = no;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue === "yes");
  });
}

// Once the network is there again, what it kept from being done is done.
addEventListener("online", () => {
  const { hidden, dataset } = find("trouble");
  if (!hidden && dataset.code === "offline") find("retry").click();
});
