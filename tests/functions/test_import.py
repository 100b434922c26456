"""The operators' route by which an older system's tokens come in: whole, proved, or not at all."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from multi_user_oauth.errors import (
    AlreadyConnectedError,
    EmailMismatchError,
    ForbiddenError,
    MultiUserOAuthError,
    NeedsSignInError,
)
from multi_user_oauth.model import ConnectionKey, ConnectionStatus, Secret, System
from multi_user_oauth.ports.events import EventType
from multi_user_oauth.refreshers.remote import RemoteRefresher
from multi_user_oauth.refreshers.remote_importing import RemoteImporting
from multi_user_oauth.sandbox.company import (
    COMPANY_TENANT,
    CONSUMER,
    GUEST,
    JOHN,
    MALLORY,
    PAT,
    SARAH,
    Account,
)
from multi_user_oauth.sandbox.records import ProviderName
from multi_user_oauth.sandbox.state import State
from tests.functions.test_refresh import REFRESH_URL, in_place_of_the_network
from tests.support.functions import GOOGLE, MICROSOFT, Installation, code
from tests.support.installation import AGENT, OPERATOR, ORIGIN
from tests.support.old_tokens import GRANTED, SCOPE, old_token

ROUTE = "/refresh/import"
PROVIDERS: dict[str, ProviderName] = {MICROSOFT: "microsoft", GOOGLE: "google"}
both = pytest.mark.parametrize("connector_type", [MICROSOFT, GOOGLE])


def state(installation: Installation) -> State:
    """Return the sandbox's memory."""
    found: State = installation.sandbox.app.extensions["sandbox"]
    return found


def minted(installation: Installation, connector_type: str, account: Account, **how: str) -> str:
    """Return a refresh token that the older system got for this person."""
    return old_token(state(installation), PROVIDERS[connector_type], account, **how)


def take_in(
    installation: Installation,
    connector_type: str,
    user_email: str,
    refresh_token: str,
    **more: object,
) -> TestResponse:
    """Ask the route, as an operator."""
    body = {
        "connector_type": connector_type, "user_email": user_email, "refresh_token": refresh_token,
    }  # fmt: skip
    return installation.agent(OPERATOR).call("refresh", "POST", ROUTE, json=body | more)


def refreshed(installation: Installation) -> int:
    """Return how often a provider was asked to trade a refresh token."""
    asked = installation.sandbox.requests()
    return sum(each["grant_type"] == "refresh_token" for each in asked)


@pytest.fixture
def refusing(installation: Installation) -> Iterator[Installation]:
    """An installation in which nothing may be stored, and nobody be connected."""
    yield installation
    assert installation.meter.counts().get("main.write", 0) == 0
    page = installation.store.page(connector_type=None, status=None, after=None, limit=1)
    assert page.connections == ()


@both
def test_an_old_token_becomes_a_connection(
    installation: Installation, connector_type: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Asked once; audited as what it is, by whom; told of; tokens are handed out and refreshed."""
    caplog.set_level(logging.INFO)
    value = minted(installation, connector_type, SARAH)

    response = take_in(installation, connector_type, "Sarah@Company.com", value)

    assert (response.status_code, response.json) == (
        201,
        {"connector_type": connector_type, "user_email": SARAH.email, "status": "active"},
    )
    assert refreshed(installation) == 1
    key = ConnectionKey(connector_type, SARAH.email)
    (record,) = installation.store.audit(key)
    assert (record.action, record.actor) == ("imported", f"agent:{OPERATOR}")
    events = [each for each in caplog.records if each.name.endswith("events.local")]
    assert [vars(each)["action"] for each in events] == [EventType.CONNECTED.value]
    assert installation.agent().token(connector_type, SARAH.email).status_code == 200
    installation.clock.advance(2 * 3600)
    assert installation.agent().token(connector_type, SARAH.email).status_code == 200
    assert refreshed(installation) == 2


@both
def test_it_costs_as_few_operations_as_a_sign_in(
    installation: Installation, connector_type: str
) -> None:
    """Two reads of the record and one by identity; record and audit; two keys wrapped."""
    value = minted(installation, connector_type, SARAH)
    installation.meter.reset()
    assert take_in(installation, connector_type, SARAH.email, value).status_code == 201
    counts = installation.meter.counts()
    assert (counts["main.write"], counts["kms"]) == (2, 2)
    assert counts["main.read"] <= 3
    assert not [name for name in counts if name.startswith("activity")]


@both
def test_who_is_connected_is_left_alone_and_nobody_is_asked(
    installation: Installation, connector_type: str
) -> None:
    """So that an import that was interrupted is begun again for nothing."""
    value = minted(installation, connector_type, SARAH)
    assert take_in(installation, connector_type, SARAH.email, value).status_code == 201
    before = installation.store.read(ConnectionKey(connector_type, SARAH.email))
    installation.meter.reset()

    again = take_in(installation, connector_type, SARAH.email, value)

    assert (again.status_code, code(again)) == (409, "already_connected")
    assert refreshed(installation) == 1
    assert installation.meter.counts() == {"main.read": 1}
    assert installation.store.read(ConnectionKey(connector_type, SARAH.email)) == before


def test_with_replace_the_same_person_is_taken_in_anew(installation: Installation) -> None:
    """A higher epoch, and what was left to agents stays."""
    installation.connect(MICROSOFT, SARAH)
    key = ConnectionKey(MICROSOFT, SARAH.email)
    before = installation.store.read(key)
    value = minted(installation, MICROSOFT, SARAH)

    assert take_in(installation, MICROSOFT, SARAH.email, value, replace=True).status_code == 201

    after = installation.store.read(key)
    assert before is not None
    assert after is not None
    assert after.connection.epoch > before.connection.epoch
    assert [record.action for record in installation.store.audit(key)] == [
        "connected",
        "imported_again",
    ]


@pytest.mark.parametrize("more", [{}, {"replace": True}])
def test_an_email_that_another_holds_is_not_taken_over(
    installation: Installation, more: dict[str, object]
) -> None:
    """Whose account waits for its person holds the e-mail as well."""
    installation.connect(MICROSOFT, PAT)
    key = ConnectionKey(MICROSOFT, PAT.email)
    found = installation.store.read(key)
    assert found is not None
    namesake = replace(JOHN, email=PAT.email, upn=PAT.email)
    memory = state(installation)
    others = [each for each in memory.config.accounts if each not in (PAT, JOHN)]
    memory.config = replace(memory.config, accounts=(*others, namesake))
    value = minted(installation, MICROSOFT, namesake)

    response = take_in(installation, MICROSOFT, PAT.email, value, **more)

    expected = "held_by_another_account" if more else "already_connected"
    assert (response.status_code, code(response)) == (409, expected)
    assert installation.store.read(key) == found


def test_who_has_to_sign_in_is_well_again(installation: Installation) -> None:
    """An old token that still works is as good as a sign-in."""
    installation.connect(MICROSOFT, SARAH)
    installation.sandbox.revoke_grant("microsoft", SARAH.email)
    installation.clock.advance(7200)
    assert installation.agent().token(MICROSOFT, SARAH.email).status_code == 409
    value = minted(installation, MICROSOFT, SARAH)

    assert take_in(installation, MICROSOFT, SARAH.email, value).status_code == 201

    assert installation.status(MICROSOFT, SARAH.email) is ConnectionStatus.ACTIVE


def test_a_second_file_of_the_same_account_changes_nothing(installation: Installation) -> None:
    """Pat has two addresses: whichever came first stays, or two files would take turns."""
    first = minted(installation, MICROSOFT, PAT)
    assert take_in(installation, MICROSOFT, PAT.email, first).status_code == 201
    second = take_in(installation, MICROSOFT, PAT.upn, minted(installation, MICROSOFT, PAT))
    assert (second.status_code, code(second)) == (409, "already_connected")
    moved = take_in(
        installation, MICROSOFT, PAT.upn, minted(installation, MICROSOFT, PAT), replace=True
    )
    assert moved.status_code == 201
    assert installation.status(MICROSOFT, PAT.email) is ConnectionStatus.REVOKED


@both
@pytest.mark.parametrize(
    ("account", "problem"),
    [(JOHN, "email_mismatch"), (MALLORY, "wrong_tenant"), (CONSUMER, "consumer_account_refused")],
    ids=lambda value: getattr(value, "id", value),
)
def test_another_accounts_token_is_refused(
    refusing: Installation, connector_type: str, account: Account, problem: str
) -> None:
    """Whoever wrote the file: what the provider proves counts, not the name of the file."""
    value = minted(refusing, connector_type, account)
    response = take_in(refusing, connector_type, SARAH.email, value)
    assert (response.status_code, code(response)) == (403, problem)


def test_a_guest_is_refused(refusing: Installation) -> None:
    """As at a sign-in."""
    value = minted(refusing, MICROSOFT, GUEST, tenant=COMPANY_TENANT)
    response = take_in(refusing, MICROSOFT, GUEST.email, value)
    assert (response.status_code, code(response)) == (403, "guest_refused")


@both
def test_a_dead_token_is_told_as_dead(refusing: Installation, connector_type: str) -> None:
    """Unknown, revoked, or another application's: the person has to sign in."""
    gone = minted(refusing, connector_type, JOHN)
    refusing.sandbox.revoke_grant(PROVIDERS[connector_type], JOHN.email)
    others = minted(refusing, connector_type, SARAH, client_id="another-application")
    for value, email in ((gone, JOHN.email), (others, SARAH.email), ("nonsense", SARAH.email)):
        response = take_in(refusing, connector_type, email, value)
        assert (response.status_code, code(response)) == (409, "needs_sign_in")
        assert (response.json or {})["reason"]


def test_google_without_openid_is_asked_whose_it_is(installation: Installation) -> None:
    """The UserInfo endpoint says the same as an id_token would."""
    scope = GRANTED["google"].removeprefix("openid ")
    without_openid(installation)
    value = minted(installation, GOOGLE, SARAH, scope=scope)

    assert take_in(installation, GOOGLE, SARAH.email, value).status_code == 201

    (asked,) = [r for r in installation.sandbox.requests() if r["endpoint"] == "userinfo"]
    assert asked["status"] == 200


def without_openid(installation: Installation) -> None:
    """Let Google's connector type need gmail alone."""
    file = Path(installation.settings["CONNECTOR_TYPES_FILE"])
    text = file.read_text("utf-8")
    file.write_text(text.replace(f"[openid, {SCOPE}userinfo.email, ", "["), "utf-8")


@pytest.mark.parametrize(
    "scope", [f"{SCOPE}gmail.send", f"openid {SCOPE}gmail.send"], ids=["nothing", "no-email"]
)
def test_google_that_can_not_say_whose_it_is_is_refused(refusing: Installation, scope: str) -> None:
    """An e-mail in a file's name is no proof; nor is an account that nobody can name."""
    without_openid(refusing)
    value = minted(refusing, GOOGLE, SARAH, scope=scope)
    response = take_in(refusing, GOOGLE, SARAH.email, value)
    assert (response.status_code, code(response)) == (403, "identity_unverified")
    assert not [r for r in refusing.sandbox.requests() if r["endpoint"] == "userinfo"]


@both
def test_an_answer_without_proof_is_refused(refusing: Installation, connector_type: str) -> None:
    """Microsoft always sends an id_token; Google is asked, and says that of somebody else."""
    refusing.sandbox.add_fault(
        provider=PROVIDERS[connector_type], endpoint="token", kind="missing_id_token"
    )
    value = minted(refusing, connector_type, JOHN)
    response = take_in(refusing, connector_type, SARAH.email, value)
    expected = "identity_unverified" if connector_type == MICROSOFT else "email_mismatch"
    assert (response.status_code, code(response)) == (403, expected)


@pytest.mark.parametrize("kind", ["wrong_aud", "wrong_iss", "expired_id_token"])
@both
def test_a_proof_about_something_else_is_refused(
    refusing: Installation, connector_type: str, kind: str
) -> None:
    """Of another application, issuer or time."""
    refusing.sandbox.add_fault(provider=PROVIDERS[connector_type], endpoint="token", kind=kind)
    value = minted(refusing, connector_type, SARAH)
    response = take_in(refusing, connector_type, SARAH.email, value)
    assert (response.status_code, code(response)) == (403, "identity_unverified")


@both
def test_a_required_scope_that_was_never_granted(
    refusing: Installation, connector_type: str
) -> None:
    """Nothing is stored that could not work; optional ones may be missing."""
    scope = GRANTED[PROVIDERS[connector_type]].rpartition(" ")[0]
    value = minted(refusing, connector_type, SARAH, scope=scope)
    response = take_in(refusing, connector_type, SARAH.email, value)
    assert (response.status_code, code(response)) == (403, "consent_missing_required_scope")


@both
def test_an_outage_changes_nothing_and_is_for_later(
    installation: Installation, connector_type: str
) -> None:
    """The same file is as good afterwards."""
    value = minted(installation, connector_type, SARAH)
    installation.sandbox.add_fault(
        provider=PROVIDERS[connector_type], endpoint="token", kind="status", status=503, times=1
    )
    first = take_in(installation, connector_type, SARAH.email, value)
    assert (first.status_code, code(first)) == (503, "provider_unavailable")
    assert installation.status(connector_type, SARAH.email) is None
    assert take_in(installation, connector_type, SARAH.email, value).status_code == 201


def test_an_unknown_connector_type(refusing: Installation) -> None:
    """Named."""
    response = take_in(refusing, "dropbox", SARAH.email, "a-token")
    assert (response.status_code, code(response)) == (400, "unknown_connector_type")
    assert (response.json or {})["field"] == "connector_type"


def test_the_bare_path_is_the_same_route(installation: Installation) -> None:
    """As the platform serves it."""
    body = {
        "connector_type": GOOGLE, "user_email": SARAH.email,
        "refresh_token": minted(installation, GOOGLE, SARAH),
    }  # fmt: skip
    answer = installation.agent(OPERATOR).call("refresh", "POST", "/import", json=body)
    assert answer.status_code == 201


@pytest.mark.parametrize("caller", [AGENT, "somebody@elsewhere.iam.gserviceaccount.com"])
def test_only_an_operator_on_the_list_may(refusing: Installation, caller: str) -> None:
    """Not whoever may refresh; nobody is asked."""
    body = {
        "connector_type": GOOGLE, "user_email": SARAH.email,
        "refresh_token": minted(refusing, GOOGLE, SARAH),
    }  # fmt: skip
    response = refusing.agent(caller).call("refresh", "POST", ROUTE, json=body)
    assert (response.status_code, code(response)) == (403, "forbidden")
    assert refreshed(refusing) == 0


def asking(installation: Installation, caller: str = OPERATOR) -> RemoteImporting:
    """Return what a terminal asks by, with this identity."""

    def token(audience: str) -> Secret:
        return Secret(installation.sandbox.identity_token(audience, caller))

    remote = RemoteRefresher(url=REFRESH_URL, audience=ORIGIN, identity=token)
    remote._session.mount(REFRESH_URL, in_place_of_the_network(installation))  # noqa: SLF001  # reason: the network's place
    return RemoteImporting(remote)


def test_a_terminal_asks_over_http(installation: Installation) -> None:
    """The same outcomes as in one process, as the same errors."""

    def ask(account: Account, value: str, caller: str = OPERATOR) -> MultiUserOAuthError | None:
        key = ConnectionKey(MICROSOFT, account.email)
        try:
            asking(installation, caller).take_in(
                key, Secret(value), caller=System(name="operator"), replace=False
            )
        except MultiUserOAuthError as error:
            return error
        return None

    sarahs, johns = (minted(installation, MICROSOFT, who) for who in (SARAH, JOHN))
    assert isinstance(ask(SARAH, sarahs, AGENT), ForbiddenError)
    assert ask(SARAH, sarahs) is None
    assert isinstance(ask(SARAH, sarahs), AlreadyConnectedError)
    assert isinstance(ask(PAT, johns), EmailMismatchError)
    dead = ask(PAT, "nonsense")
    assert isinstance(dead, NeedsSignInError)
    assert dead.reason
    (record,) = installation.store.audit(ConnectionKey(MICROSOFT, SARAH.email))
    assert record.actor == f"agent:{OPERATOR}"


@pytest.mark.parametrize(
    ("connector_type", "answered", "expected"),
    [
        (GOOGLE, {"error": "unauthorized_client"}, (409, "needs_sign_in")),
        (
            MICROSOFT,
            {"error": "invalid_grant", "suberror": "client_mismatch"},
            (409, "needs_sign_in"),
        ),
        (MICROSOFT, {"error": "unauthorized_client"}, (503, "provider_misconfigured")),
    ],
)
def test_what_each_provider_says_of_another_applications_token(
    refusing: Installation,
    connector_type: str,
    answered: dict[str, str],
    expected: tuple[int, str],
) -> None:
    """Google's word for it is Microsoft's for an application that is not known."""
    provider = PROVIDERS[connector_type]
    refusing.sandbox.add_fault(provider=provider, endpoint="token", kind="oauth_error", **answered)
    response = take_in(
        refusing, connector_type, SARAH.email, minted(refusing, connector_type, SARAH)
    )
    assert (response.status_code, code(response)) == expected
    if response.status_code == 409:
        assert (response.json or {})["reason"] == "other_client"
