"""What the policy makes of a session, and what a sign-in keeps of the one before."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from multi_user_oauth.http.callers import Persons
from multi_user_oauth.http.sessions import Session, SessionSigner, SessionVerifier
from multi_user_oauth.model import Identity, Limits, Policy, Role, StepUp
from multi_user_oauth.ports import SignOuts
from tests.support.clock import START, ManualClock
from tests.support.draw import CountingDraw

ORIGIN = "https://vault.example.com"
TENANT = "00000000-0000-4000-8000-00000000000a"
OTHER_TENANT = "00000000-0000-4000-8000-00000000000c"
MICROSOFT = Identity.microsoft(TENANT, "00000000-0000-4000-8000-00000000000b")
GOOGLE = Identity.google("1001")
EMAIL = "ada@example.com"
ADMIN = Role(TENANT, "Vault.Admin")


class Nobody:
    """Nobody signed out."""

    def sign_outs(self, identity: Identity) -> SignOuts:
        """Return none."""
        return SignOuts()

    def sign_out(self, identity: Identity, session_id: str, until: datetime) -> None:
        """Forget it."""

    def sign_out_everywhere(self, identity: Identity, before: datetime) -> None:
        """Forget it."""


class Desk:
    """Signs and reads sessions."""

    def __init__(self, folder: Path) -> None:
        key = ECKey.generate_key("P-256", {"use": "sig"}, private=True)
        key.ensure_kid()
        private, public = folder / "private.json", folder / "public.json"
        private.write_text(json.dumps(key.as_dict(private=True)), "utf-8")
        public.write_text(json.dumps({"keys": [key.as_dict(private=False)]}), "utf-8")
        self.clock = ManualClock()
        self.policy = Policy()
        self.signer = SessionSigner(
            private, audience=ORIGIN, now=self.clock, draw=CountingDraw(), limits=Limits()
        )
        self.verifier = SessionVerifier(public, audience=ORIGIN, now=self.clock)
        self.persons = Persons(
            sessions=self.verifier,
            people=Nobody(),
            policy=lambda: self.policy,
            origin=ORIGIN,
            now=self.clock,
        )

    def session(
        self,
        identity: Identity = MICROSOFT,
        before: Session | None = None,
        *,
        roles: frozenset[Role] = frozenset(),
        contexts: Mapping[str, datetime] | None = None,
        email: str = EMAIL,
    ) -> Session:
        """Return a session as it is read back from its cookie."""
        made = self.signer.session_for(identity, email, before, roles=roles, contexts=contexts)
        return self.verifier.verify(self.signer.sign(made).reveal())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk with keys of its own."""
    return Desk(tmp_path)


def test_a_session_comes_back_whole(desk: Desk) -> None:
    """All that was signed; times to the second."""
    proved = {"c1": START - timedelta(minutes=3)}
    roles = frozenset({ADMIN, Role(TENANT, "with:colon")})
    made = desk.signer.session_for(MICROSOFT, EMAIL, None, roles=roles, contexts=proved)
    assert desk.verifier.verify(desk.signer.sign(made).reveal()) == made


@pytest.mark.parametrize(
    ("role", "is_admin", "is_auditor"),
    [
        (ADMIN, True, False),
        (Role(TENANT, "Vault.Auditor"), False, True),
        (Role(OTHER_TENANT, "Vault.Admin"), False, False),
        (Role(TENANT, "vault.admin"), False, False),
    ],
)
def test_a_role_counts_as_the_policy_lists_it(
    desk: Desk, role: Role, is_admin: bool, is_auditor: bool
) -> None:
    """The tenant's own, by its exact name."""
    desk.policy = Policy(
        admins=frozenset({ADMIN}), auditors=frozenset({Role(TENANT, "Vault.Auditor"), GOOGLE})
    )
    person = desk.persons.person(desk.session(roles=frozenset({role})))
    assert (person.is_admin, person.is_auditor, person.by_bearer) == (is_admin, is_auditor, False)
    assert desk.persons.person(desk.session(GOOGLE)).is_auditor


@pytest.mark.parametrize(
    ("context", "minutes", "stepped_up"),
    [("c1", 0, True), ("c1", 15, True), ("c1", 16, False), ("c2", 0, False), (None, 0, False)],
)
def test_a_step_up_counts_for_a_while(
    desk: Desk, context: str | None, minutes: int, stepped_up: bool
) -> None:
    """The context that the policy names, proved no longer ago than it says."""
    desk.policy = Policy(step_up=StepUp(context="c1"))
    session = desk.session(contexts={context: desk.clock()} if context else None)
    desk.clock.advance(60 * minutes)
    assert desk.persons.person(session).stepped_up is stepped_up


def test_without_a_policy_nobody_has_stepped_up(desk: Desk) -> None:
    """What is not asked for is not claimed."""
    session = desk.session(contexts={"c1": desk.clock()})
    assert not desk.persons.person(session).stepped_up


def test_roles_and_contexts_are_kept_where_the_identity_is(desk: Desk) -> None:
    """By another provider's sign-in under the same e-mail, and by no other."""
    proved = {"c1": desk.clock()}
    before = desk.session(roles=frozenset({ADMIN}), contexts=proved)
    desk.clock.advance(60)
    both = desk.session(GOOGLE, before)
    assert (both.identities, both.roles, both.contexts) == (
        frozenset({MICROSOFT, GOOGLE}),
        frozenset({ADMIN}),
        proved,
    )
    assert both.ends_at == before.ends_at
    other = desk.session(GOOGLE, before, email="bob@example.com")
    assert (other.identities, other.roles, other.contexts) == (frozenset({GOOGLE}), frozenset(), {})


def test_a_role_that_was_taken_away_is_gone_with_the_next_sign_in(desk: Desk) -> None:
    """What the tenant says now counts, not what it said before; another tenant's is kept."""
    foreign = Role(OTHER_TENANT, "Reader")
    before = desk.session(GOOGLE, desk.session(roles=frozenset({ADMIN, foreign})))
    assert desk.session(MICROSOFT, before).roles == frozenset({foreign})


def test_the_newest_proof_of_a_context_counts(desk: Desk) -> None:
    """A sign-in without one does not take away what was proved; one with it does it anew."""
    before = desk.session(contexts={"c1": desk.clock(), "c2": desk.clock()})
    desk.clock.advance(60)
    after = desk.session(MICROSOFT, before, contexts={"c1": desk.clock()})
    assert after.contexts == {"c1": desk.clock(), "c2": START}
