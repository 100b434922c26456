"""The story that the tour tells: each step in plain words."""

from collections.abc import Callable
from dataclasses import dataclass

from multi_user_oauth.cli.tour_connectors import ConnectorDeeds
from multi_user_oauth.cli.tour_deeds import Checks, Deeds
from multi_user_oauth.cli.tour_world import TourWorld


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the tour."""

    title: str
    story: str
    run: Callable[[], Checks]


def story(world: TourWorld) -> tuple[Step, ...]:
    """Return all steps, in order."""
    deeds = Deeds(world)
    return *_of_tokens(deeds), *_of_connectors(ConnectorDeeds(deeds))


def _of_tokens(deeds: Deeds) -> tuple[Step, ...]:
    return (
        Step(
            title="Sarah connects her Microsoft account",
            story="She opens a link, presses one button and lands at Microsoft. Only there does "
            "she sign in: her password is none of our business. Microsoft sends her browser back "
            "with a code, which we trade for two tokens: an access token, that works about an "
            "hour, and a refresh token, that fetches new ones for months. Both are encrypted at "
            "once, and tied to her name.",
            run=lambda: deeds.connects("sarah"),
        ),
        Step(
            title="John and Maria connect their Google accounts",
            story="The same at the other provider. Nobody shares an account with anybody.",
            run=lambda: (c for who in ("john", "maria") for c in deeds.connects(who)),
        ),
        Step(
            title="An agent works for all three, as each of them",
            story="An agent is a program. It proves who it is by a token of its own, which Google "
            "Cloud signs, and asks us for a person's access token. A policy file says for whom it "
            "may ask. It never sees a refresh token. We let Microsoft and Google say whose token "
            "it was given.",
            run=deeds.works,
        ),
        Step(
            title="An agent that may act for Sarah only asks for John",
            story="A refusal must tell nothing either: to this agent John looks like somebody who "
            "does not exist.",
            run=deeds.is_limited,
        ),
        Step(
            title="Who is connected?",
            story="The list shows everybody whom the asking agent may act for, and no token.",
            run=deeds.lists,
        ),
        Step(
            title="Sarah cuts the agent, and allows it again",
            story="The policy says which agents may ask. Each person has the last word: on our page "
            "Sarah sees every agent that could act as her, and can cut it.",
            run=deeds.cuts,
        ),
        Step(
            title="Two hours later, the access tokens have run out",
            story="We turn all clocks forward. The next time the agent asks, we fetch a new token "
            "with the refresh token. Sarah and John are not disturbed, and do not notice.",
            run=deeds.refreshes,
        ),
        Step(
            title="The agent sends a mail as Sarah",
            story="With her own token, so it is her mail: from her address, with her permissions.",
            run=deeds.mails,
        ),
        Step(
            title="Maria says stop",
            story="She presses Revoke. We tell Google, which ends what she had allowed, and destroy "
            "our copy. From then on the agent is refused, and is told where she could connect "
            "again.",
            run=deeds.revokes,
        ),
    )


def _of_connectors(deeds: ConnectorDeeds) -> tuple[Step, ...]:
    return (
        Step(
            title="An agent sends Sarah's mail without her token",
            story="Whoever holds a token can do all that it allows. Most agents need none: they tell "
            "us what to do, and we do it with the token, which stays with us. A key of the agent's "
            "own makes sure that a call which is repeated sends no second mail.",
            run=deeds.mails,
        ),
        Step(
            title="The same call, two people, different files",
            story="An agent never says where to look: the person's own connection leads there.",
            run=deeds.lists_files,
        ),
        Step(
            title="An agent that may see files asks for a mail",
            story="The policy says what each agent may do, one thing at a time.",
            run=deeds.is_refused_mail,
        ),
        Step(
            title="Maria comes back, and John invites her",
            story="Saying stop is not forever: she connects again, as she did the first time. Then an "
            "agent makes an event as John, and we look for it as Maria.",
            run=deeds.invites,
        ),
    )
