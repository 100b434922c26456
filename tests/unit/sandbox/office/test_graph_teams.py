"""Teams in the sandbox: members read and write, nobody else does."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from multi_user_oauth.sandbox.company import COMPANY_TENANT, SARAH

from ..conftest import ManualClock, World, make_sandbox

GRAPH = "https://graph.microsoft.com/v1.0"
ALL = ("Chat.ReadWrite", "Team.ReadBasic.All", "Channel.ReadBasic.All", "ChannelMessage.Send")


def token(world: World, account: str = "sarah", *scopes: str) -> str:
    """Sign a person in for Teams."""
    access_token: str = world.microsoft(account, *(scopes or ALL))["access_token"]
    return access_token


def chats(world: World, sent: str, query: str = "") -> list[dict[str, Any]]:
    """List chats."""
    found: list[dict[str, Any]] = world.api(f"{GRAPH}/me/chats{query}", sent).json()["value"]
    return found


def chat_url(chat: dict[str, Any]) -> str:
    """Give the address of a chat's messages."""
    return f"{GRAPH}/chats/{quote(chat['id'], safe='')}/messages"


def channel_url(team: dict[str, Any], channel: dict[str, Any]) -> str:
    """Give the address of a channel's messages."""
    return f"{GRAPH}/teams/{team['id']}/channels/{quote(channel['id'], safe='')}/messages"


def say(text: str, **more: str) -> dict[str, Any]:
    """Give a message as Graph takes it."""
    return {"body": {"content": text} | more}


def test_chats_are_shared_by_their_members(world: World) -> None:
    """Each person sees those they are in: pairs without topic, groups with one."""
    mine = chats(world, token(world), "?$expand=members")
    kinds = {chat["chatType"] for chat in mine}
    assert kinds == {"oneOnOne", "group"}
    for chat in mine:
        emails = {member["email"] for member in chat["members"]}
        assert "sarah@company.com" in emails
        assert (chat["topic"] is None) == (chat["chatType"] == "oneOnOne")
        assert chat["id"].startswith("19:")
        ending = "@unq.gbl.spaces" if chat["chatType"] == "oneOnOne" else "@thread.v2"
        assert chat["id"].endswith(ending)
    me = next(m for m in mine[0]["members"] if m["email"] == "sarah@company.com")
    assert me["userId"] == SARAH.oid(COMPANY_TENANT)
    johns = {chat["id"] for chat in chats(world, token(world, "john"))}
    assert {chat["id"] for chat in mine} & johns
    assert {chat["id"] for chat in mine} != johns
    assert chats(world, token(world, "guest")) == []
    assert "members" not in chats(world, token(world))[0]


def test_a_message_reaches_the_other_members(world: World) -> None:
    """It is 201 with a chatMessage, comes first for the others, and lifts the chat to the top."""
    sarah, john = token(world), token(world, "john")
    ours = {chat["id"] for chat in chats(world, john)}
    chat = next(chat for chat in reversed(chats(world, sarah)) if chat["id"] in ours)
    answer = world.api(chat_url(chat), sarah, "POST", json=say("The report is ready."))
    assert answer.status_code == 201
    sent = answer.json()
    assert sent["body"] == {"contentType": "text", "content": "The report is ready."}
    assert (sent["chatId"], sent["messageType"]) == (chat["id"], "message")
    assert sent["from"]["user"]["displayName"] == "Sarah Jensen"
    read = world.api(chat_url(chat), john).json()["value"]
    assert read[0] == {name: value for name, value in sent.items() if name != "@odata.context"}
    assert chats(world, sarah)[0]["id"] == chat["id"]


def test_two_messages_at_once_have_two_ids(world: World) -> None:
    """The id is a time in milliseconds; nothing is lost by it."""
    sent = token(world)
    url = chat_url(chats(world, sent)[0])
    ids = [world.api(url, sent, "POST", json=say(f"{n}")).json()["id"] for n in range(3)]
    assert len(set(ids)) == 3
    assert [m["id"] for m in world.api(f"{url}?$top=3", sent).json()["value"]] == ids[::-1]


def test_lists_come_in_pages(world: World) -> None:
    """Of 20, or as many as asked for up to 50; the next link is a full address at Graph."""
    sent = token(world)
    url = chat_url(chats(world, sent)[0])
    for number in range(22):
        world.api(url, sent, "POST", json=say(f"{number}"))
    first = world.api(url, sent).json()
    assert (len(first["value"]), first["@odata.count"]) == (20, 20)
    assert first["@odata.nextLink"].startswith(f"{GRAPH}/chats/19:")
    rest = world.api(first["@odata.nextLink"], sent).json()
    assert "@odata.nextLink" not in rest
    assert first["value"] + rest["value"] == world.api(f"{url}?$top=50", sent).json()["value"]
    link = world.api(f"{GRAPH}/me/chats?$top=1", sent).json()["@odata.nextLink"]
    assert world.api(link, sent).json()["value"] == chats(world, sent)[1:2]
    for wrong in (f"{GRAPH}/me/chats?$top=51", f"{url}?$top=51", f"{url}?$orderby=from"):
        assert world.api(wrong, sent).status_code == 400
    for wrong in ("?$expand=messages", "?$filter=topic eq 'x'"):
        assert world.api(f"{GRAPH}/me/chats{wrong}", sent).status_code == 400


def test_who_is_no_member_is_refused(world: World) -> None:
    """403 for a chat or team of others, 404 for one that is not there; nothing is written."""
    sarah, admin = token(world), token(world, "admin")
    theirs = {chat["id"] for chat in chats(world, admin)}
    private = next(chat for chat in chats(world, sarah) if chat["id"] not in theirs)
    before = world.api(chat_url(private), sarah).json()["value"]
    for method in ("GET", "POST"):
        answer = world.api(chat_url(private), admin, method, json=say("Hello"))
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "Forbidden")
        gone = world.api(chat_url({"id": "19:x@thread.v2"}), admin, method, json=say("Hello"))
        assert (gone.status_code, gone.json()["error"]["code"]) == (404, "NotFound")
    assert world.api(chat_url(private), sarah).json()["value"] == before
    team = world.api(f"{GRAPH}/me/joinedTeams", sarah).json()["value"][0]
    assert world.api(f"{GRAPH}/teams/{team['id']}/channels", admin).status_code == 403
    assert world.api(f"{GRAPH}/teams/nothing/channels", admin).status_code == 404


def test_a_team_has_channels_to_post_in(world: World) -> None:
    """Sarah, John and Maria share one with two channels; a post is on the page for all of them."""
    sent = token(world)
    (team,) = world.api(f"{GRAPH}/me/joinedTeams", sent).json()["value"]
    assert set(team) == {"id", "displayName", "description"}
    for other in ("john", "maria"):
        joined = world.api(f"{GRAPH}/me/joinedTeams", token(world, other)).json()["value"]
        assert joined == [team]
    channels = world.api(f"{GRAPH}/teams/{team['id']}/channels", sent).json()["value"]
    assert len(channels) == 2
    assert all(channel["id"].endswith("@thread.tacv2") for channel in channels)
    url = channel_url(team, channels[1])
    answer = world.api(url, sent, "POST", json=say("<b>Now</b>", contentType="html"))
    assert answer.status_code == 201
    assert answer.json()["channelIdentity"] == {
        "teamId": team["id"],
        "channelId": channels[1]["id"],
    }
    assert answer.json()["body"]["contentType"] == "html"
    page = world.sandbox.app.test_client().get("/chats?who=maria").text
    assert "&lt;b&gt;Now&lt;/b&gt;" in page
    assert "&lt;b&gt;" not in world.sandbox.app.test_client().get("/chats?who=pat").text
    wrong = channel_url(team, {"id": "19:x@thread.tacv2"})
    assert world.api(wrong, sent, "POST", json=say("Hello")).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 400), ([], 400), (say("  "), 400), ({"body": "x"}, 400), (say("x" * 30_000), 413)],
)
def test_a_message_that_can_not_be_is_refused(world: World, body: object, status: int) -> None:
    """Empty, of another shape, or larger than Teams takes."""
    sent = token(world)
    url = chat_url(chats(world, sent)[0])
    assert world.api(url, sent, "POST", json=body).status_code == status


def test_scopes_are_checked(world: World) -> None:
    """Names of chats, their messages, writing, teams, channels, posting: each has its own."""
    basic = token(world, "sarah", "Chat.ReadBasic")
    reader = token(world, "sarah", "Chat.Read")
    writer = token(world, "sarah", "ChatMessage.Send")
    chat = chats(world, basic)[0]
    assert world.api(chat_url(chat), basic).status_code == 403
    assert world.api(chat_url(chat), reader).status_code == 200
    assert world.api(chat_url(chat), reader, "POST", json=say("Hello")).status_code == 403
    assert world.api(chat_url(chat), writer, "POST", json=say("Hello")).status_code == 201
    assert world.api(f"{GRAPH}/me/chats", writer).status_code == 403
    assert world.api(f"{GRAPH}/me/joinedTeams", reader).status_code == 403
    assert world.api(f"{GRAPH}/teams/x/channels", reader).status_code == 403
    answer = world.api(f"{GRAPH}/teams/x/channels/y/messages", reader, "POST", json=say("Hello"))
    assert answer.status_code == 403
    assert world.api(f"{GRAPH}/me/chats", "x").status_code == 401


def test_messages_outlive_a_restart(clock: ManualClock, tmp_path: Path) -> None:
    """What was said is there again, and what everybody starts with is not there twice."""
    before = World.around(make_sandbox(clock, tmp_path / "state.json"), clock)
    sent = token(before)
    chat = chats(before, sent)[0]
    before.api(chat_url(chat), sent, "POST", json=say("Remember this"))
    told = before.api(chat_url(chat), sent).json()["value"]
    after = World.around(make_sandbox(clock, tmp_path / "state.json", 10_000), clock)
    assert after.api(chat_url(chat), sent).json()["value"] == told
