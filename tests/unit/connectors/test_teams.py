"""Teams: against the sandbox as Graph publishes itself, and against hostile answers."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from multi_user_oauth.connectors.teams import Teams
from multi_user_oauth.errors import InsufficientScopeError
from multi_user_oauth.errors.connector import (
    ItemNotFoundError,
    OutcomeUnknownError,
    ProviderAnswerRefusedError,
    ProviderRejectedError,
)
from multi_user_oauth.ports.connectors import Outcome, Place
from tests.unit.connectors.acting import (
    Said,
    Scripted,
    Stand,
    described,
    graph,
    microsoft_stand,
    sandboxed,
)
from tests.unit.sandbox.conftest import World

SCOPES = ("Chat.ReadWrite", "Team.ReadBasic.All", "Channel.ReadBasic.All", "ChannelMessage.Send")
GRAPH = "https://graph.microsoft.com/v1.0"
CHAT = Place(chat_id="19:abc@thread.v2")
TEAM = "0c5f9c1e-6a0f-4a3c-9a55-2f5b7f5f3f10"


@pytest.fixture(scope="module")
def world() -> World:
    """A sandbox in which people wrote a little."""
    return sandboxed()


@pytest.fixture(scope="module")
def sarah(world: World) -> Stand:
    """Sarah, with a token of the sandbox."""
    return microsoft_stand(world, "sarah", SCOPES)


@pytest.fixture
def teams(world: World) -> Iterator[Teams]:
    """The service; every call is checked against Graph's own description."""
    adapter = described(world)
    yield Teams(graph(adapter))
    assert adapter.checked


def test_chats_are_told_with_who_is_in_them(teams: Teams, sarah: Stand) -> None:
    """By e-mail, and by their topic where they have one."""
    chats = teams.chats(sarah, None).items
    assert {"", "Spring fair", "Lunch"} == {chat.topic for chat in chats}
    assert all("sarah@company.com" in chat.members for chat in chats)


def test_a_message_is_written_in_a_chat_as_text(world: World, teams: Teams, sarah: Stand) -> None:
    """And nobody is asked for it later: the same words may stand there for another reason."""
    chat = teams.chats(sarah, None).items[0]
    writing = teams.sending(sarah, Place(chat_id=chat.id), "1 < 2 <b>&</b>")
    assert writing.send(writing.prepare())
    kept = world.sandbox.app.extensions["sandbox"].office.teams.messages(chat.id)[0]
    assert (kept.body, kept.body_type) == ("1 < 2 <b>&</b>", "text")
    assert writing.look_up("").outcome is Outcome.UNKNOWN


def test_a_message_is_posted_in_a_channel(world: World, teams: Teams, sarah: Stand) -> None:
    """Of a team that the person joined."""
    (team,) = teams.teams(sarah, None).items
    channels = teams.channels(sarah, team.id, None).items
    assert [channel.name for channel in channels] == ["General", "Quotes"]
    place = Place(team_id=team.id, channel_id=channels[1].id)
    assert teams.sending(sarah, place, "Good morning").send("")
    kept = world.sandbox.app.extensions["sandbox"].office.teams.messages(channels[1].id)[0]
    assert kept.body == "Good morning"


def test_who_is_no_member_is_refused(world: World, teams: Teams) -> None:
    """Reading a team's channels, and writing in a chat."""
    sarah, pat = (microsoft_stand(world, who, SCOPES) for who in ("sarah", "pat"))
    theirs = next(c for c in teams.chats(sarah, None).items if c.topic == "Spring fair")
    (team,) = teams.teams(sarah, None).items
    with pytest.raises(ProviderRejectedError):
        teams.sending(pat, Place(chat_id=theirs.id), "Hello").send("")
    with pytest.raises(ProviderRejectedError):
        teams.channels(pat, team.id, None)
    with pytest.raises(ItemNotFoundError):
        teams.channels(sarah, TEAM, None)


def test_each_list_and_each_place_wants_its_own_scope() -> None:
    """Whoever may write mail may not write here."""
    adapter, nobody = Scripted(Said()), Stand("Mail.Send")
    service = Teams(graph(adapter))
    writing = service.sending(nobody, CHAT, "Hello")
    posting = service.sending(nobody, Place(team_id=TEAM, channel_id="19:c"), "Hello")
    for needed, call in (
        ("Chat.ReadBasic", lambda: service.chats(nobody, None)),
        ("Team.ReadBasic.All", lambda: service.teams(nobody, None)),
        ("Channel.ReadBasic.All", lambda: service.channels(nobody, TEAM, None)),
        ("ChatMessage.Send", lambda: writing.send("")),
        ("ChannelMessage.Send", lambda: posting.send("")),
    ):
        with pytest.raises(InsufficientScopeError) as refused:
            call()
        assert refused.value.scopes[0] == needed
    assert adapter.seen == []


def test_lists_go_on_where_graph_says() -> None:
    """A person's chats are one list under two paths."""
    link = f"{GRAPH}/chats?$skiptoken=abc"
    adapter = Scripted(Said(body={"value": [{"id": "19:a"}], "@odata.nextLink": link}))
    service, person = Teams(graph(adapter)), Stand(*SCOPES)
    page = service.chats(person, None)
    assert page.cursor == link
    service.chats(person, link)
    service.chats(person, f"{GRAPH}/me/chats?$skiptoken=abc")
    service.teams(person, f"{GRAPH}/me/joinedTeams?$skiptoken=abc")
    service.channels(person, TEAM, f"{GRAPH}/teams/{TEAM}/channels?$skiptoken=abc")
    assert adapter.urls[1] == link


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/me/chats?$skiptoken=1",
        f"{GRAPH}/me/messages?$skiptoken=1",
        f"{GRAPH}/me/chats/../messages",
        f"{GRAPH}/chats/19:abc@thread.v2/messages",
        f"{GRAPH}/teams/another/channels",
    ],
)
def test_the_next_page_is_one_of_the_same_list(link: str) -> None:
    """N73: nothing is sent to anywhere else."""
    adapter, person = Scripted(Said(body={"value": []})), Stand(*SCOPES)
    service = Teams(graph(adapter))
    for call in (
        lambda: service.chats(person, link),
        lambda: service.teams(person, link),
        lambda: service.channels(person, TEAM, link),
    ):
        with pytest.raises(ProviderAnswerRefusedError):
            call()
    assert adapter.seen == []


def test_items_that_make_no_sense_are_left_out() -> None:
    """What has no id can not be asked for; the rest is empty where it is no text."""
    value = [
        None,
        {},
        {"id": 7},
        {"id": ""},
        {"id": "19:a", "topic": None, "displayName": ["x"], "members": "all"},
        {"id": "19:b", "topic": "T", "members": [None, {}, {"email": None, "displayName": "Eva"}]},
    ]
    service = Teams(graph(Scripted(Said(body={"value": value}))))
    first, second = service.chats(Stand(*SCOPES), None).items
    assert (first.topic, first.members) == ("", ())
    assert (second.topic, second.members) == ("T", ("Eva",))
    assert [team.name for team in service.teams(Stand(*SCOPES), None).items] == ["", ""]
    for body in ({}, {"value": None}):
        with pytest.raises(ProviderAnswerRefusedError):
            Teams(graph(Scripted(Said(body=body)))).teams(Stand(*SCOPES), None)


@pytest.mark.parametrize("broken", [".", "..", "../x", "a/b", "a?b", "a\r\nb", "x" * 513, "\x00"])
def test_what_can_be_no_id_is_not_sent(broken: str) -> None:
    """There is no such place; a part of the path that is missing neither."""
    adapter, person = Scripted(Said()), Stand(*SCOPES)
    service = Teams(graph(adapter))
    for place in (
        Place(chat_id=broken),
        Place(team_id=broken, channel_id="19:c"),
        Place(team_id=TEAM, channel_id=broken),
        Place(team_id=TEAM),
        Place(),
    ):
        with pytest.raises(ItemNotFoundError):
            service.sending(person, place, "Hello")
    with pytest.raises(ItemNotFoundError):
        service.channels(person, broken, None)
    assert adapter.seen == []


def test_an_id_is_one_segment_of_the_path() -> None:
    """Percent-encoded; what is sent is text."""
    adapter, person = Scripted(Said(status=201, body={"id": "1"})), Stand(*SCOPES)
    service = Teams(graph(adapter))
    service.sending(person, CHAT, "Hello").send("")
    service.sending(person, Place(team_id=TEAM, channel_id="19:c+d&e"), "Hello").send("")
    assert adapter.urls == [
        f"{GRAPH}/chats/19%3Aabc%40thread.v2/messages",
        f"{GRAPH}/teams/{TEAM}/channels/19%3Ac%2Bd%26e/messages",
    ]
    sent = msgspec.json.decode(adapter.seen[0].body or b"")
    assert sent == {"body": {"contentType": "text", "content": "Hello"}}


def test_what_was_written_without_an_id_was_written() -> None:
    """An answer that is none is an unknown outcome."""
    assert _send(Said(status=201, body={"id": 7})) == ""
    for lost in (Said(status=201, body=b"<html>"), Said(status=504, body={})):
        with pytest.raises(OutcomeUnknownError):
            _send(lost)


def _send(said: Said) -> Any:  # noqa: ANN401  # reason: the service's own
    return Teams(graph(Scripted(said))).sending(Stand(*SCOPES), CHAT, "Hello").send("")
