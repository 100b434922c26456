"""The settings of what is told by Pub/Sub: events, and the shards of a sweep."""

import re
from functools import cached_property
from typing import Final

from multi_user_oauth.settings.origins import is_loopback
from multi_user_oauth.settings.values import Values, malformed

_TOPIC: Final = re.compile(r"projects/[^/\s]+/topics/[A-Za-z][A-Za-z0-9._~+%-]{2,254}")


class PubSubSettings(Values):
    """The part of the mapping that is about topics."""

    @cached_property
    def events_topic(self) -> str | None:
        """`EVENTS_TOPIC`: where events are published, `projects/P/topics/T`; without it, in the log.

        CloudEvents, for whoever subscribes: a connection was made, ended, or needs a sign-in; the
        breaker of a connector type opened or closed. They are hints; the audit is the truth.
        """
        return self._topic("EVENTS_TOPIC")

    @cached_property
    def sweep_topic(self) -> str | None:
        """`SWEEP_TOPIC` (refresh): where a sweep hands its shards on, `projects/P/topics/T`.

        A push subscription of it brings them back to `/refresh/shard`. Without it one instance does all.
        """
        return self._topic("SWEEP_TOPIC")

    @cached_property
    def pubsub_emulator_host(self) -> str | None:
        """`PUBSUB_EMULATOR_HOST`: host:port of an emulator of Pub/Sub; Google's tools know the name.

        Refused unless it is on this machine's loopback, outside Cloud Run.
        """
        address = self._of_this_machine("PUBSUB_EMULATOR_HOST")
        if address and not is_loopback(f"http://{address}"):
            raise malformed("PUBSUB_EMULATOR_HOST", "a loopback address such as 127.0.0.1:8085")
        return address

    def _topic(self, name: str) -> str | None:
        text = self._values.get(name)
        if text and not _TOPIC.fullmatch(text):
            raise malformed(name, "projects/P/topics/T")
        return text or None
