"""A person's token: asked for when it is needed, kept while it is good, changed when it was refused."""

import threading
from datetime import timedelta
from urllib.parse import quote

import pytest

from multi_user_oauth.client import (
    AccessToken,
    ApiError,
    NoAnswerError,
    ReauthorizationRequiredError,
    ThrottledError,
    TryAgainLaterError,
    Vault,
)
from multi_user_oauth.client.vault import KEPT
from tests.support.clock import START

from .fake_api import WHOSE, Answer, Asked, FakeApi, Reply, drops, gives, refuses, says

PATH = "/api/v1/oauth/user/microsoft_teams/sarah@company.com/token"
PAGE = "https://connect.company.com/connect?connector_type=microsoft_teams"


def got(vault: Vault, **how: object) -> str:
    """Return a token's text."""
    return vault.access_token(*WHOSE, **how).value.reveal()  # type: ignore[arg-type]  # reason: any argument


def test_a_token_comes_with_its_end_and_its_scopes() -> None:
    """Nothing that prints it shows it."""
    api = FakeApi(gives("first", 3599, "Mail.Send", "Mail.Read"))
    token = api.vault().access_token(*WHOSE, purpose="report", scopes=["Mail.Send"])
    assert token.value.reveal() == "first"
    assert (token.expires_at, token.scopes, token.missing_scopes) == (
        START + timedelta(seconds=3599), ("Mail.Send", "Mail.Read"), ("Files.Read",)
    )  # fmt: skip
    assert "first" not in f"{token} {token!r}"
    (asked,) = api.asked
    assert (asked.method, asked.path) == ("GET", PATH)
    assert asked.query == {"min_ttl": "120", "purpose": "report", "scopes": "Mail.Send"}


def test_an_address_is_one_segment_of_the_path() -> None:
    """Whatever it holds."""
    api = FakeApi(gives("token"))
    api.vault().access_token("a/b", "x/../y?@company.com")
    assert (
        api.asked[0].path
        == "/api/v1/oauth/user/a%2Fb/" + quote("x/../y?", safe="") + "@company.com/token"
    )


def test_a_token_is_kept_until_a_minute_before_it_is_too_old() -> None:
    """By the caller's `min_ttl`; with the margin the API is asked too, so that what comes is kept."""
    api = FakeApi(gives("first", 3599), gives("second", 7200))
    vault = api.vault()
    assert [got(vault), got(vault)] == ["first", "first"]
    api.clock.advance(3599 - 121)
    assert got(vault) == "first"
    assert len(api.asked) == 1
    api.clock.advance(1)
    assert got(vault) == "second"
    api.clock.advance(2000)
    assert got(vault, min_ttl=300) == "second"
    assert [asked.query["min_ttl"] for asked in api.asked] == ["120", "120"]
    got(vault, min_ttl=9999)
    assert api.asked[-1].query["min_ttl"] == "3600"


def test_a_token_is_kept_for_one_person_and_one_purpose() -> None:
    """Each purpose stands in the audit; how the address is written does not matter."""
    api = FakeApi(gives("a", 3599, "Mail.Read"), gives("b"), gives("c"))
    vault = api.vault()
    assert [got(vault, purpose="one"), got(vault, purpose="two")] == ["a", "b"]
    assert vault.access_token("microsoft_teams", "john@company.com").value.reveal() == "c"
    again = vault.access_token("microsoft_teams", "Sarah@Company.com", purpose="one")
    assert (again.value.reveal(), len(api.asked)) == ("a", 3)


def test_a_token_without_a_scope_that_is_wanted_is_asked_for_anew() -> None:
    """The API says what to do about it."""
    api = FakeApi(gives("a", 3599, "Mail.Read"), refuses("insufficient_scope", 403))
    vault = api.vault()
    assert [got(vault), got(vault, scopes=["Mail.Read"])] == ["a", "a"]
    with pytest.raises(ApiError, match="insufficient_scope"):
        got(vault, scopes=["Mail.Send"])


def test_so_many_tokens_are_kept_and_no_more() -> None:
    """Those that were used last."""
    api = FakeApi(gives("token"))
    vault = api.vault()
    names = [str(number) for number in range(KEPT)]
    for purpose in (*names, names[0], "one more", names[0], names[1]):
        got(vault, purpose=purpose)
    asked = [each.query["purpose"] for each in api.asked]
    assert asked == [*names, "one more", names[1]]


def test_a_refused_token_is_changed_once_a_minute() -> None:
    """For all who were refused; the API would not do it oftener."""
    api = FakeApi(gives("first"), gives("second"), gives("third"))
    vault = api.vault()
    assert [got(vault), got(vault, force_refresh=True)] == ["first", "second"]
    assert [got(vault, force_refresh=True), got(vault)] == ["second", "second"]
    assert api.asked[-1].query["force_refresh"] == "true"
    api.clock.advance(60)
    assert got(vault, force_refresh=True) == "third"


def test_a_claims_challenge_goes_to_the_api() -> None:
    """As it stands in the 401; another one is not met by the token that the first brought."""
    api = FakeApi(gives("first"), gives("second"), gives("third"))
    vault = api.vault()
    got(vault)
    assert got(vault, claims="eyJ9") == got(vault, claims="eyJ9") == "second"
    assert got(vault, claims="eyJ8") == "third"
    assert [asked.query.get("claims") for asked in api.asked] == [None, "eyJ9", "eyJ8"]
    assert "force_refresh" not in api.asked[1].query


def test_a_forced_refresh_does_not_wait_for_the_next_minute() -> None:
    """Somebody else had it done lately: when to come back is told at once."""
    api = FakeApi(refuses("too_many_requests", 429, 40))
    with pytest.raises(ThrottledError) as raised:
        got(api.vault(), force_refresh=True)
    assert (raised.value.retry_after, api.slept) == (40, [])


def test_what_is_refused_is_forgotten() -> None:
    """The person disconnected; when they come back, the API is asked."""
    gone = refuses("not_connected", 404, reauthorize_url=PAGE)
    api = FakeApi(gives("first"), gone, gives("second"))
    vault = api.vault()
    got(vault)
    with pytest.raises(ReauthorizationRequiredError) as raised:
        got(vault, force_refresh=True)
    assert raised.value.url == PAGE
    assert got(vault) == "second"


@pytest.mark.parametrize("trouble", [drops, refuses("store_unavailable", 503, 1)])
def test_an_outage_takes_no_token_away(trouble: Reply) -> None:
    """What is kept serves whom it is good enough for."""
    api = FakeApi(gives("first", 600), trouble)
    vault = api.vault()
    got(vault)
    with pytest.raises((TryAgainLaterError, NoAnswerError)):
        got(vault, min_ttl=900)
    assert got(vault) == "first"


@pytest.mark.parametrize(
    "odd",
    [{"access_token": ""}, {"access_token": 7}, {"expires_at": "tomorrow"}, {"expires_at": None},
     {"expires_at": "2027-01-01T00:00:00"}, {"scopes": None}],
)  # fmt: skip
def test_an_answer_that_is_no_token_is_told_as_such(odd: dict[str, object]) -> None:
    """A proxy's, say; it stands in no message."""
    whole = {
        "access_token": "secret", "expires_at": "2027-01-01T00:00:00Z", "scopes": [],
        "missing_scopes": [],
    }  # fmt: skip
    with pytest.raises(ApiError, match="unreadable_answer") as raised:
        got(FakeApi(says({**whole, **odd})).vault())
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_all_threads_share_one_fetch() -> None:
    """Those who come while it is under way are given what it brings."""
    begun, go_on = threading.Event(), threading.Event()

    def slow(asked: Asked) -> Answer:
        begun.set()
        assert go_on.wait(10)
        return gives("token")(asked)

    api, tokens = FakeApi(slow, gives("another")), list[AccessToken]()
    vault = api.vault()
    threads = [
        threading.Thread(target=lambda: tokens.append(vault.access_token(*WHOSE)), daemon=True)
        for _ in range(8)
    ]
    threads[0].start()
    assert begun.wait(10)
    for thread in threads[1:]:
        thread.start()
    threads[-1].join(0.1)  # a thread with a fetch of its own would be done by then
    assert tokens == []
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert (len(tokens), len(api.asked)) == (8, 1)
    assert {token.value.reveal() for token in tokens} == {"token"}


def test_an_answer_that_comes_late_takes_nothing_away() -> None:
    """It was asked for before the token in it was refused, and another one came."""
    begun, go_on = threading.Event(), threading.Event()

    def slow(asked: Asked) -> Answer:
        begun.set()
        assert go_on.wait(10)
        return gives("refused")(asked)

    api = FakeApi(slow, gives("another"))
    vault = api.vault()
    thread = threading.Thread(target=got, args=(vault,), daemon=True)
    thread.start()
    assert begun.wait(10)
    api.clock.advance(1)
    assert got(vault, force_refresh=True) == "another"
    go_on.set()
    thread.join(10)
    assert got(vault) == "another"


def test_all_threads_share_one_refusal() -> None:
    """And nobody waits for ever: not for a thread that was stopped either."""
    begun, go_on = threading.Event(), threading.Event()

    def stopped(_: Asked) -> Answer:
        begun.set()
        assert go_on.wait(10)
        raise SystemExit

    api, told = FakeApi(stopped, gives("next")), list[BaseException]()
    vault = api.vault()

    def ask() -> None:
        try:
            vault.access_token(*WHOSE)
        except (ApiError, SystemExit) as error:
            told.append(error)

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(2)]
    threads[0].start()
    assert begun.wait(10)
    threads[1].start()
    threads[1].join(0.1)
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert sorted(type(error).__name__ for error in told) == ["NoAnswerError", "SystemExit"]
    assert got(vault) == "next"


def test_a_vault_does_all_that_connectors_do() -> None:
    """With the same identity, over the same session."""
    api = FakeApi(says({"status": "sent"}))
    api.vault().send_email(*WHOSE, to="john@company.com", subject="Hello", body="Hi")
    assert api.asked[0].path.endswith("/send_email")
    assert repr(api.vault()) == "Vault('https://connect.company.com')"
