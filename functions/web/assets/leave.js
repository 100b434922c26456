// What a person lets an agent do, and until when: chosen in a dialog.

import { find, make } from "./page.js";
import * as texts from "./texts.js";

const ALL = "token"; // covers all others
const DAY = 24 * 3600 * 1000; // milliseconds

// Asks; returns `actions` and perhaps `expires_at` as the API takes them, nothing if it was left.
export function chosen(agent, word, provider, title) {
  const dialog = find("leave");
  const fieldset = dialog.querySelector("fieldset");
  const limit = agent.actions.length > 0;
  const boxes = offered(agent, provider).map((action) => box(action, !limit || agent.actions.includes(action)));
  fieldset.replaceChildren(fieldset.firstElementChild, ...boxes.map((input) => input.parentElement));
  fieldset.onchange = () => settle(boxes);
  settle(boxes);
  find("leave-heading").textContent = texts.words.leaveAsk(agent.agent, title);
  find("until").min = localDay(Date.now() + DAY);
  find("until").value = limit && word?.expires_at ? localDay(word.expires_at) : "";
  dialog.querySelector("[value=yes]").textContent = limit ? texts.words.limitDo : texts.words.allow;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue === "yes" ? answer(boxes) : undefined);
  });
}

// All that the policy lets it have; of everything, a part can be chosen too.
function offered({ policy_actions: most }, provider) {
  const all = most.includes(ALL) ? texts.actionNames : texts.actionNames.filter((name) => most.includes(name));
  return all.filter((name) => provider !== "google" || !name.startsWith("chat."));
}

function box(action, ticked) {
  const input = make("input", { type: "checkbox", name: "action", value: action, checked: ticked });
  make("label", {}, input, texts.actions[action]);
  return input;
}

// Everything includes the rest; nothing at all is what the other button, to cut, is for.
function settle(boxes) {
  const everything = boxes.find((input) => input.value === ALL)?.checked;
  for (const input of boxes) {
    if (input.value === ALL) continue;
    if (everything) input.checked = true;
    input.disabled = Boolean(everything);
  }
  const none = !boxes.some((input) => input.checked);
  boxes[0]?.setCustomValidity(none ? texts.words.chooseOne : "");
}

function answer(boxes) {
  const ticked = boxes.filter((input) => input.checked).map((input) => input.value);
  const said = { actions: ticked.includes(ALL) ? [ALL] : ticked };
  const day = find("until").value;
  if (day) said.expires_at = new Date(`${day}T23:59:59`).toISOString();
  return said;
}

function localDay(moment) {
  const at = new Date(moment);
  const two = (number) => String(number).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}
