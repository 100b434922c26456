// Everything that app.js says, in one place, in plain words.

export const status = {
  active: "Connected",
  needs_sign_in: "Sign-in needed",
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
  offline: "The server can not be reached. Is this device online?",
  revocation_pending: "It is revoked as far as we are concerned, but busy at this moment. Try again.",
  store_unavailable: "The database does not answer. Try again in a moment; nothing was lost.",
};
export const anotherTrouble = "That did not work. Try again in a moment.";

// What an agent may do, by the API's names of actions, in the order in which they are told.
const actions = {
  "token": "everything that you allowed",
  "mail.read": "read your mail",
  "mail.send": "send mail as you",
  "files.read": "see and download your files",
  "files.write": "change and upload your files",
  "calendar.read": "see your calendar",
  "calendar.write": "make appointments",
  "chat.read": "read your chats",
  "chat.send": "send chat messages as you",
  "proxy": "call the provider as you",
};

export function mayDo(names) {
  if (!names.length) return "may do nothing in your name";
  const told = names.includes("token") ? ["token"] : Object.keys(actions);
  const words = told.filter((name) => names.includes(name)).map((name) => actions[name]);
  return `may ${words.join(", ").replace(/^everything/, "do everything")}`;
}

export const words = {
  allConnections: "All connections",
  allow: "Allow",
  allowLabel: (agent, title) => `Allow ${agent} to use ${title}`,
  allowed: (agent, title) => `${agent} may use ${title} in your name.`,
  connected: (title) => `${title} is connected.`,
  cut: "Cut",
  cutLabel: (agent, title) => `Cut ${agent} from ${title}`,
  goneAlready: (title) => `${title} was revoked already.`,
  nowSince: (when) => `Connected since ${when}`,
  revokeAsk: (title) => `Revoke ${title}?`,
  revokeLabel: (title, email) => `Revoke ${title} of ${email}`,
  revokeMeans: (email) =>
    `The services of your organisation stop acting as ${email} there. You can connect again at any time.`,
  revoked: (title) => `${title} is revoked.`,
  sessionOver: "Your session is over. Sign in to see your connections.",
  signedInAs: (email, admin) => `Signed in as ${email}${admin ? ", administrator" : ""}`,
  signedOut: "You are signed out.",
  tokenGone: "Tokens that were handed out stop working; that can take the provider a few minutes.",
  tokenUntil: (when) => `A token that was handed out before works until ${when}.`,
  wasCut: (agent, title) =>
    `${agent} gets nothing more from ${title}. What it was given before works for an hour at most.`,
  wasSince: (when) => `Was connected on ${when}`,
};

// Permissions; multi_user_oauth/http/texts.py says the same on the page before the trip.
const scopes = {
  "openid": "see who you are",
  "email": "see who you are",
  "profile": "see who you are",
  "user.read": "see who you are",
  "userinfo.email": "see who you are",
  "userinfo.profile": "see who you are",
  "mail.send": "send mail as you",
  "mail.read": "read your mail",
  "mail.readwrite": "read, write and move your mail",
  "gmail.send": "send mail as you",
  "gmail.readonly": "read your mail",
  "files.read": "see and download your files",
  "files.readwrite": "see, change and upload your files",
  "drive.readonly": "see and download your files",
  "drive.file": "see and change the files that this application made or was given",
  "calendars.read": "see your calendar",
  "calendars.readwrite": "see your calendar and make appointments",
  "calendar.events": "see your calendar and make appointments",
  "calendar.events.readonly": "see your calendar",
  "chat.readbasic": "see which chats you are in",
  "chat.read": "read your chats",
  "chat.readwrite": "read and write your chats",
  "chatmessage.send": "send chat messages as you",
  "team.readbasic.all": "see which teams you are in",
  "channel.readbasic.all": "see the channels of your teams",
  "channelmessage.send": "post in channels of your teams as you",
  "offline_access": "stay connected until you say stop",
};
const order = Object.keys(scopes);

// Permissions in plain words, each once, in the order of the table above; unknown ones at the end.
export function permissions(names) {
  const short = names.map((name) => name.replace(/\/+$/, "").split("/").pop());
  const known = short.map((name) => name.toLowerCase()).filter((name) => name in scopes);
  known.sort((one, other) => order.indexOf(one) - order.indexOf(other));
  const unknown = short.filter((name) => !(name.toLowerCase() in scopes));
  return [...new Set([...known.map((name) => scopes[name]), ...unknown])];
}
