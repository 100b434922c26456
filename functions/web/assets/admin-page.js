// What all parts of the administrators' page are made with.

import { Problem } from "./api.js";
import * as texts from "./admin-texts.js";
import { atMinute, find, make } from "./page.js";

const SLOW = 10_000; // milliseconds after which waiting is explained
const COPIED = 2_000; // milliseconds for which a button says so

export const moment = (text) => make("time", { dateTime: text }, atMinute(text));

// Says something to those who do not see it happen.
export function announce(sentence) {
  find("said").textContent = sentence;
}

const turns = new WeakMap(); // how often something was begun for each part of the page
const failed = new Map(); // what did not work, by its part
let waiting = 0;
let whenOver = () => {};

// Sets what to do once the API says that this is nobody, or nobody who may see it.
export function onSessionOver(action) {
  whenOver = action;
}

// Runs an action for a part of the page, which is busy meanwhile; offers a failed one again.
// The action is given a question: whether nothing newer was begun for this part.
export async function attempt(part, action) {
  const turn = (turns.get(part) ?? 0) + 1;
  const isNewest = () => turns.get(part) === turn;
  turns.set(part, turn);
  failed.delete(part);
  part.ariaBusy = "true";
  const slow = setTimeout(showSlow, SLOW, ++waiting);
  try {
    await action(isNewest);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (["unauthenticated", "forbidden"].includes(problem.code)) {
      failed.clear();
      return whenOver(problem.code);
    }
    if (isNewest()) failed.set(part, { code: problem.code, again: () => attempt(part, action) });
  } finally {
    clearTimeout(slow);
    waiting -= 1;
    if (!waiting) find("slow").hidden = true;
    if (isNewest()) part.ariaBusy = "false";
    showTrouble();
  }
}

function showSlow() {
  find("slow").hidden = false;
}

function showTrouble() {
  // What is no longer on the page needs no second try.
  for (const part of failed.keys()) if (!part.isConnected) failed.delete(part);
  const [first] = failed.values();
  const sentence = first && (texts.troubles[first.code] ?? texts.anotherTrouble);
  // Set once: an alert that is written again is read out again.
  const line = find("trouble").querySelector("p");
  if (first && line.textContent !== sentence) line.textContent = sentence;
  if (!first) line.textContent = "";
  find("trouble").hidden = !first;
}

function again() {
  for (const { again: run } of [...failed.values()]) run();
}

find("retry").onclick = again;
addEventListener("online", again);

// A field with an address, and a button that copies it.
export function copyable(address, label, name) {
  const field = make("input", { type: "url", readOnly: true, value: address, ariaLabel: label });
  const button = make("button", { type: "button", className: "secondary outline" }, name);
  button.onclick = async () => {
    const done = await navigator.clipboard.writeText(address).then(() => true, () => false);
    if (!done) field.select();
    const sentence = done ? texts.words.copied : texts.words.copyFailed;
    button.textContent = sentence;
    announce(sentence);
    setTimeout(() => (button.textContent = name), COPIED);
  };
  return make("div", { className: "copyable" }, field, button);
}

const LEFT = "admin-left"; // how this tab's storage names the part of the address that was left

// Keeps what the page shows, in this tab alone, while the person signs in elsewhere.
export function remember(query = location.search) {
  sessionStorage.setItem(LEFT, query);
}

// Back from a sign-in, goes on where the page was left.
export function comeBack() {
  const address = new URL(location.href);
  if (!address.searchParams.has("flow_handle")) return;
  // What is in the address about the sign-in proves nothing, and is not needed.
  address.search = sessionStorage.getItem(LEFT) ?? "";
  sessionStorage.removeItem(LEFT);
  history.replaceState(null, "", address);
}

// Leads an administrator to where they prove more; coming back, the page is told `again`.
export function proveFirst(email, again) {
  const query = { intent: "step_up", user_email: email, return_to: "/admin" };
  const href = `/connect?${new URLSearchParams(query)}`;
  const link = make("a", { href, role: "button" }, texts.words.proveLink);
  link.onclick = () => remember(`?${new URLSearchParams(again)}`);
  return make("div", { className: "prove" }, make("p", {}, texts.words.proveFirst), link);
}
