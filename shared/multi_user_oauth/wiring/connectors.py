"""The function `connectors`: it opens access tokens, and gives none away."""

from functools import cached_property
from typing import TYPE_CHECKING

from multi_user_oauth.connectors.proxy import Proxy
from multi_user_oauth.http.acting import Acts
from multi_user_oauth.http.calendar import CalendarRoutes
from multi_user_oauth.http.callers import Anyone
from multi_user_oauth.http.chats import ChatRoutes
from multi_user_oauth.http.endpoint import Endpoint
from multi_user_oauth.http.files import FileRoutes
from multi_user_oauth.http.links import Links
from multi_user_oauth.http.mail import MailRoutes
from multi_user_oauth.http.proxy import ProxyRoutes
from multi_user_oauth.http.uploads import UploadRoutes
from multi_user_oauth.model import Provider
from multi_user_oauth.net.door import Door
from multi_user_oauth.net.pinned import PinnedAdapter
from multi_user_oauth.ports.connectors import Services
from multi_user_oauth.sending import SendOnce
from multi_user_oauth.wiring.access_token import get_access_token
from multi_user_oauth.wiring.outside import elsewhere
from multi_user_oauth.wiring.parts import Parts
from multi_user_oauth.wiring.proofs import bearers, persons

if TYPE_CHECKING:
    from multi_user_oauth.connectors.api import Api

POOL = 80  # connections to each host: as many as an instance serves requests at once


class Providers:
    """Both providers' services; each is loaded when somebody asks for it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    @cached_property
    def door(self) -> Door:
        """The way out; on a machine of one's own it may lead to the sandbox."""
        adapter = elsewhere(self._parts) or PinnedAdapter(pool_maxsize=POOL)
        return Door(adapter, monotonic=self._parts.world.monotonic)

    @cached_property
    def graph(self) -> "Api":
        """Microsoft Graph."""
        from multi_user_oauth.connectors.api import Api
        from multi_user_oauth.connectors.manners import GraphManners

        world = self._parts.world
        return Api(self.door, GraphManners(), sleep=world.sleep, draw=world.draw)

    @cached_property
    def google_apis(self) -> "Api":
        """Google's APIs."""
        from multi_user_oauth.connectors.api import Api
        from multi_user_oauth.connectors.manners import GoogleManners

        world = self._parts.world
        return Api(self.door, GoogleManners(), sleep=world.sleep, draw=world.draw)

    @cached_property
    def services(self) -> dict[Provider, Services]:
        """What each provider has."""
        from multi_user_oauth.connectors.drive import Drive
        from multi_user_oauth.connectors.gmail import Gmail
        from multi_user_oauth.connectors.google_calendar import GoogleCalendar
        from multi_user_oauth.connectors.onedrive import OneDrive
        from multi_user_oauth.connectors.outlook import Outlook
        from multi_user_oauth.connectors.outlook_calendar import OutlookCalendar
        from multi_user_oauth.connectors.teams import Teams

        graph, google = self.graph, self.google_apis
        return {
            Provider.MICROSOFT: Services(
                mail=Outlook(graph),
                files=OneDrive(graph),
                calendar=OutlookCalendar(graph),
                chats=Teams(graph),
            ),
            Provider.GOOGLE: Services(
                mail=Gmail(google), files=Drive(google), calendar=GoogleCalendar(google)
            ),
        }


def send_once(parts: Parts) -> SendOnce:
    """Return the use case."""
    world = parts.world
    return SendOnce(
        attempts=parts.activity,
        now=world.now,
        sleep=world.sleep,
        draw=world.draw,
        point=world.point,
    )


def endpoint(parts: Parts) -> Endpoint:
    """Return the function."""
    providers = Providers(parts)
    acts = Acts(
        callers=Anyone(bearers(parts), persons(parts)),
        tokens=get_access_token(parts),
        connector_types=parts.connector_types,
        services=providers.services,
        admit=parts.rate_limits.admit_use,
        admit_forced=parts.rate_limits.admit_forced,
        origin=parts.settings.public_origin,
    )
    links, once = Links(parts.link_box, now=parts.world.now), send_once(parts)
    groups = (
        MailRoutes(acts=acts, send_once=once, links=links),
        FileRoutes(acts=acts, links=links),
        UploadRoutes(acts=acts, links=links),
        CalendarRoutes(acts=acts, send_once=once, links=links),
        ChatRoutes(acts=acts, send_once=once, links=links),
        ProxyRoutes(acts=acts, pass_through=Proxy(providers.door), policy=parts.policy),
    )
    return parts.endpoint([route for group in groups for route in group.routes()])
