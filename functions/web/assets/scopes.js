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
