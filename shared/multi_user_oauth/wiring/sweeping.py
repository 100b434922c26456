"""The sweep, put together: it opens refresh tokens, as the refreshes that it asks for do."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from multi_user_oauth.backlog import FinishRevocations
from multi_user_oauth.doubts import Doubts
from multi_user_oauth.model import Snapshot, System
from multi_user_oauth.model.upkeep import Upkeep
from multi_user_oauth.rescuing import Rescues
from multi_user_oauth.retired_types import EndRetired
from multi_user_oauth.rounds import Rounds
from multi_user_oauth.sweep import Sweep
from multi_user_oauth.tending import Tend
from multi_user_oauth.wiring.asking import breakers, finisher, refresher
from multi_user_oauth.wiring.ending import disconnect
from multi_user_oauth.wiring.parts import Parts


class Sweeping:
    """What one process has once: the refresher, what it knows of providers, and the rounds."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.breakers = breakers(parts)
        self.refresher = refresher(parts, self.breakers)
        self.finisher = finisher(parts)
        self.finishing = FinishRevocations(
            finisher=self.finisher, waiting=parts.main, now=parts.world.now
        )

    def rounds(self) -> Rounds:
        """Return what Cloud Scheduler and Pub/Sub ask for."""
        parts, now = self._parts, self._parts.world.now
        ending = disconnect(parts, self.finisher)
        end = partial(ending.end, System(name="refresh"))
        rescues = Rescues(
            records=parts.main,
            rescues=parts.main,
            connections=parts.main,
            refresher=self.refresher,
            now=now,
        )
        retired = EndRetired(
            directory=parts.main,
            connections=parts.main,
            connector_types=parts.connector_types,
            end=partial(end, reason="retired"),
            now=now,
        )
        doubts = Doubts(
            suspects=parts.activity,
            connections=parts.main,
            refresher=self.refresher,
            breakers=self.breakers,
            connector_types=self._living,
            publish=parts.publish,
            now=now,
        )
        return Rounds(
            sweep=self._sweep(partial(end, reason="unused")),
            housekeeping=(rescues.run, retired.run, self.finishing.run, doubts.run),
            queue=parts.shard_queue,
            now=now,
        )

    def _sweep(self, end: Callable[[Snapshot], object]) -> Sweep:
        parts, now, settings = self._parts, self._parts.world.now, self._parts.settings
        tend = Tend(
            due=parts.main,
            refresher=self.refresher,
            usage=parts.activity,
            upkeep=Upkeep(
                used_within=timedelta(hours=settings.used_within_hours),
                keep_alive=timedelta(days=settings.keep_alive_days),
                idle_limit=timedelta(days=idle) if (idle := settings.idle_limit_days) else None,
            ),
            end=end,
            now=now,
        )
        return Sweep(
            due=parts.main,
            tend=tend,
            breakers=self.breakers,
            connector_types=self._living,
            workers=settings.sweep_threads,
            per_second=settings.sweep_rate,
            now=now,
            sleep=parts.world.sleep,
        )

    @property
    def _living(self) -> list[str]:
        return [name for name, each in self._parts.connector_types.items() if not each.retired]
