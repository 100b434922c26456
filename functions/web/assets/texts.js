// Everything that the scripts of the pages for people say, in one place, in plain words.

export { permissions } from "./scopes.js";

export const status = {
  active: "Connected",
  ends_soon: "Ends soon",
  needs_sign_in: "Sign-in needed",
  quarantined: "On hold",
  revoked: "Revoked",
};

// Why a connection needs the person, by the API's `reason`.
export const reasons = {
  admin_blocked: "Your administrator, or a rule of your organisation, stopped it.",
  consent_required: "The permission was taken back or has changed.",
  grant_expired: "It was not used for a long time and ended.",
  grant_revoked: "The permission was taken back at the provider.",
  mfa_required: "The provider wants to see your second factor again.",
  password_changed: "Your password was changed.",
  session_control: "Your organisation limits how long a sign-in counts.",
};
export const anotherReason = "The provider asks you to sign in again.";

// How a connection will end, by the API's `lives_until.reason`.
export const forecasts = {
  unused_90_days: () => "Stays connected as long as it is used.",
  unused_6_months: () => "Stays connected as long as it is used.",
  grant_expires: (day) => `Ends on ${day}: connect again before that to keep it.`,
  client_secret_expires: (day) =>
    `Ends on ${day} unless your administrator renews the application's secret. There is nothing for you to do.`,
};

// How one ends that a backup brought back.
export const onHold =
  "Brought back from a backup. It works again when your administrator says so; there is nothing for you to do.";

// What revoking ended at the provider, by the API's `provider`.
export const ended = {
  revoked: "The provider ended the permission as well.",
  pending: "The provider could not be told yet; it will be.",
  superseded:
    "The permission at the provider stays, because another connection of yours needs the same one.",
  not_possible:
    "The provider offers no way to end the permission from here: our copy of it is destroyed, and you can remove it at the provider yourself.",
};
export const removeAt = {
  not_possible: { url: "https://myapps.microsoft.com", words: "Remove the permission at myapps.microsoft.com" },
};

// What went wrong, by the API's `code`.
export const troubles = {
  conflict: "This connection has just been changed elsewhere. Try again.",
  not_connected: "This connection is not there any more. Load the page anew.",
  offline: "The server can not be reached. Is this device online?",
  revocation_pending: "It is revoked as far as we are concerned, but busy at this moment. Try again.",
  store_unavailable: "The database does not answer. Try again in a moment; nothing was lost.",
  too_many_delegations: "That is more agents than one connection can keep in mind. Cut one first.",
  too_many_requests: "Too much at once. Try again in a minute.",
};
export const anotherTrouble = "That did not work. Try again in a moment.";

// What an agent may do, by the API's names of actions, in the order in which they are told.
export const actions = {
  "token": "do everything that you allowed",
  "mail.read": "read your mail",
  "mail.send": "send mail as you",
  "files.read": "see and download your files",
  "files.write": "change and upload your files",
  "calendar.read": "see your calendar",
  "calendar.write": "make appointments",
  "chat.read": "read your chats",
  "chat.send": "send chat messages as you",
  "proxy": "make other calls to the provider as you",
};
export const actionNames = Object.keys(actions);

export function mayDo(names) {
  if (!names.length) return "may do nothing in your name";
  const told = names.includes("token") ? ["token"] : actionNames;
  return `may ${told.filter((name) => names.includes(name)).map((name) => actions[name]).join(", ")}`;
}

// What an agent did last, by the name of the action.
const deeds = {
  "token": "took an access token",
  "mail.read": "read mail",
  "mail.send": "sent mail",
  "files.read": "read files",
  "files.write": "changed files",
  "calendar.read": "read the calendar",
  "calendar.write": "made an appointment",
  "chat.read": "read chats",
  "chat.send": "sent a chat message",
  "proxy": "called the provider",
};
export const did = (action) => deeds[action] ?? action;

// What happened to a connection, by the API's `event`.
const events = {
  connected: "Connected",
  connected_again: "Connected again",
  delegated: "An agent was allowed",
  delegation_cut: "An agent was cut",
  delegation_limited: "An agent was limited",
  disconnected: "Revoked",
  healed: "Works again",
  imported: "Taken over from another application",
  imported_again: "Taken over again from another application",
  needs_sign_in: "Sign-in needed",
  refreshed: "Renewed by itself",
  released: "Works again after the backup",
  rescued: "Renewed by itself, after a disturbance",
  restored: "Brought back from a backup",
  superseded: "Ended: connected under another e-mail",
};

export function happened({ event, reason = "" }) {
  const words = events[event] ?? event;
  // The reason of these begins with the agent's name; what it may do now, its own line tells.
  if (event.startsWith("delegat")) return `${words}: ${reason.split(": ")[0]}`;
  return reason in reasons ? `${words}. ${reasons[reason]}` : words;
}

export const words = {
  allow: "Allow",
  allowLabel: (agent, title) => `Allow ${agent} to use ${title}`,
  allowed: (agent, title, may) => `${agent} ${may}, with ${title}.`,
  chooseOne: "Choose at least one. To take everything back, press Cut.",
  connect: "Connect",
  connectLabel: (title) => `Connect ${title}`,
  connected: (title) => `${title} is connected.`,
  cut: "Cut",
  cutLabel: (agent, title) => `Cut ${agent} from ${title}`,
  doneElsewhere: "That sign-in ended well, in another browser. Sign in here to see your connections.",
  goneAlready: (title) => `${title} was revoked already.`,
  leaveAsk: (agent, title) => `What may ${agent} do with ${title}?`,
  leaveOver: (day) => `may do nothing in your name: what you allowed ended on ${day}`,
  limit: "Limit",
  limitDo: "Save",
  limitLabel: (agent, title) => `Limit ${agent} on ${title}`,
  neverUsed: "Has not used it yet",
  noAgents: "No agent of your organisation may use this connection.",
  nowSince: (when) => `Connected since ${when}`,
  revokeLabel: (title, email) => `Revoke ${title} of ${email}`,
  revoked: (title) => `${title} is revoked.`,
  sessionOver: "Your session is over. Sign in to see your connections.",
  signedIn: "You are signed in.",
  signedInAs: (email) => `Signed in as ${email}`,
  signedOut: "You are signed out.",
  signedOutEverywhere: "You are signed out, here and everywhere else.",
  slow: "This takes longer than usual. There is nothing you need to do.",
  tokenGone: "Tokens that were handed out stop working; that can take the provider a few minutes.",
  tokenUntil: (when) => `A token that was handed out before works until ${when}.`,
  until: (day) => `, until ${day}`,
  used: (when, did, purpose) => `Last used ${when}: ${did}${purpose ? ` (“${purpose}”)` : ""}`,
  wasCut: (agent, title) =>
    `${agent} gets nothing more from ${title}. What it was given before works for an hour at most.`,
  wasSince: (when) => `Was connected on ${when}`,
};

// The questions before something ends.
export const revoking = (title, email) => ({
  heading: `Revoke ${title}?`,
  text: `The services of your organisation stop acting as ${email} there. You can connect again at any time.`,
  yes: "Revoke",
  no: "Keep it",
});
export const everywhere = {
  heading: "Sign out everywhere?",
  text: "Every browser and device on which you are signed in here is signed out, this one too. Your connections stay as they are.",
  yes: "Sign out everywhere",
  no: "Stay signed in",
};
