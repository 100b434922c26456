// Everything that the scripts of the administrators' page say, in one place, in plain words.

export const health = {
  active: "Connected",
  ends_soon: "Ends soon",
  needs_sign_in: "Sign-in needed",
  quarantined: "In quarantine",
  revoked: "Revoked",
};

// Why a connection does not serve, by the API's `reason`.
export const reasons = {
  admin_blocked: "An administrator, or a rule of the organisation, stopped it",
  consent_required: "The permission was taken back or has changed",
  grant_expired: "It was not used for a long time and ended",
  grant_revoked: "The permission was taken back at the provider",
  mfa_required: "The provider wants to see the second factor again",
  password_changed: "The password was changed",
  session_control: "The organisation limits how long a sign-in counts",
};
export const anotherReason = "The provider asks for a new sign-in";

// How a connection will end, by the API's `lives_until.reason`.
export const forecasts = {
  unused_90_days: () => "Stays as long as it is used",
  unused_6_months: () => "Stays as long as it is used",
  grant_expires: (when) => `Ends on ${when}, then a new sign-in is needed`,
  client_secret_expires: (when) => `Ends on ${when}, unless the client secret is replaced`,
};

// How one ends that a backup brought back.
export const onHold = "Brought back from a backup: agents are refused until it is released";

// Why nothing is renewed at the moment, by the API's `failing_because`.
export const failing = {
  operator_must_act: "Not renewed: the application's registration, secret or key is at fault",
  provider_unavailable: "Not renewed: the provider does not answer; it is tried again",
  refusals_not_believed: "Not renewed: the provider refuses too many at once; it is tried again",
};

// What happened, by the API's `event`.
export const events = {
  connected: "Connected",
  connected_again: "Connected again",
  delegated: "Gave an agent leave",
  delegation_cut: "Cut an agent",
  delegation_limited: "Limited an agent",
  disconnected: "Revoked",
  healed: "Works again",
  imported: "Taken over from another application",
  imported_again: "Taken over again from another application",
  needs_sign_in: "Sign-in needed",
  refreshed: "Renewed",
  released: "Released from quarantine",
  rescued: "Renewed, after an interruption",
  restored: "Brought back from a backup",
  superseded: "Ended by another connection of the same account",
};

// What an agent does, by the API's names of actions, in the order in which they are told.
export const actions = {
  "token": "everything that the person allowed",
  "mail.read": "read mail",
  "mail.send": "send mail",
  "files.read": "see and download files",
  "files.write": "change and upload files",
  "calendar.read": "see the calendar",
  "calendar.write": "make appointments",
  "chat.read": "read chats",
  "chat.send": "send chat messages",
  "proxy": "call the provider",
};

// What an agent did last, by the same names.
export const deeds = {
  "token": "Took an access token",
  "mail.read": "Read mail",
  "mail.send": "Sent mail",
  "files.read": "Looked at files",
  "files.write": "Changed files",
  "calendar.read": "Looked at the calendar",
  "calendar.write": "Made appointments",
  "chat.read": "Read chats",
  "chat.send": "Sent chat messages",
  "proxy": "Called the provider",
};

// What ending a connection ended at the provider, by the API's `provider`.
export const ended = {
  revoked: "The provider ended the permission as well.",
  pending: "The provider could not be told yet; it is told until it answers.",
  superseded:
    "The permission at the provider stays: another connection of the same account needs it.",
  not_possible:
    "The provider has no way to end it from here. Our copy is destroyed; the person can remove the permission at https://myapps.microsoft.com, or an administrator in Entra.",
};

// What is wrong with an audit record, by the API's `problem`.
export const problems = {
  altered: "is not what was written: its hash does not fit",
  missing: "is missing, and there are later ones",
  out_of_order: "does not stand where its number says",
  unlinked: "does not follow the one before it: one of the two was rewritten",
  unreadable: "can not be read",
  cut: "is missing: the connection says that it is the newest one",
  not_the_head: "is the last one, and not the one that the connection says is",
};

// What went wrong, by the API's `code`.
export const troubles = {
  conflict: "This has just been changed elsewhere. Try again.",
  invalid_request: "No e-mail address is, or begins, like that.",
  malformed_email: "That is not an e-mail address.",
  not_connected: "Nobody ever connected anything under this e-mail.",
  offline: "The server can not be reached. Is this device online?",
  revocation_pending: "It is revoked as far as we are concerned, but busy at this moment. Try again.",
  store_unavailable: "The database does not answer. Try again in a moment; nothing was lost.",
  unknown_connector_type: "No such connector type is configured.",
  too_many_requests: "That was too fast. Try again in a minute.",
};
export const anotherTrouble = "That did not work. Try again in a moment.";

const number = new Intl.NumberFormat();
const listed = new Intl.ListFormat("en", { type: "conjunction" });

export const words = {
  agentMay: (names) => listed.format(names),
  agentProxy: (calls) => `Calls passed on: ${calls}`,
  agentRate: (rate) => `At most ${rate}`,
  agentScopes: (scopes) => `Nothing beyond ${scopes}`,
  all: "All",
  allBroken: "Show all that need a sign-in",
  allEnding: "Show all that end soon",
  allowedNothing: "Nothing",
  as: (name, admin) => `Signed in as ${name}, ${admin ? "administrator" : "auditor"}.`,
  by: (actor) => `by ${actor}`,
  certificate: "Download the certificate",
  certificateFile: (email) => `offboarding-${email.replace(/[^a-z0-9.@-]/g, "_")}.json`,
  connectedAt: "Connected since",
  consentCopy: "Copy the consent link",
  copied: "Copied",
  copyFailed: "Copy the marked address",
  difference: "That is not the same e-mail.",
  elsewhere: (title, email) => `It is still connected as ${title} of ${email}.`,
  goneAlready: "It was revoked already.",
  keep: "Keep it",
  leaveNeeded: "An agent may do this only for people who gave it leave on their account page.",
  leaveNotNeeded: "People see these agents on their account page, and can limit or cut them.",
  linkCopy: "Copy the link",
  never: "Not yet",
  noneBroken: "Nothing needs your attention.",
  noneFound: "Nobody is found.",
  noneUsed: "No agent has used it since the person connected.",
  offboardAlready: "revoked already",
  offboardButton: (email) => `End everything of ${email}`,
  offboardDone: (email) => `Everything of ${email} is ended.`,
  offboardEnds: "will end",
  offboardNone: "No connection is listed under this e-mail. Is it spelt right?",
  offboardOf: (title, email) => `${title} of ${email}`,
  offboardSignedOut: "The person is signed out everywhere.",
  ofType: (title) => `of ${title}`,
  proveFirst: "Before you change what is another person's, confirm that it is you.",
  proveLink: "Confirm that it is you",
  revoke: "Revoke",
  revokeAsk: (title, email) => `Revoke ${title} of ${email}?`,
  revokeMeans:
    "From that moment no agent is given anything of it. The person can connect again at any time.",
  revoked: "It is revoked.",
  secretEnded: (when) => `The client secret ended on ${when}. Replace it now: nothing is renewed.`,
  secretEnds: (when, days) =>
    `The client secret ends on ${when}, ${days}. Replace it before: else nothing is renewed.`,
  secretUntil: (when) => `Client secret good until ${when}`,
  sessionOver: "Your session is over. Sign in again to go on.",
  shown: (count, more) => `${number.format(count)} shown${more ? ", there are more" : ""}.`,
  signInLink: "Link for a new sign-in of",
  signedOut: "You are signed out.",
  tokenEndsAt: "Access token until",
  tokenGone: "No access token that was given out works any longer.",
  tokenUntil: (when) => `An access token that was given out before works until ${when}.`,
  verified: (count) =>
    count === 1 ? "The one record verifies." : `All ${number.format(count)} records verify.`,
  verifiedFrom: (sequence) => `Looked at from record ${sequence} on.`,
  verifiedNot: (sequence, problem) =>
    sequence === undefined
      ? `The history does not verify: a record ${problem}.`
      : `The history does not verify: record ${sequence} ${problem}.`,
};
