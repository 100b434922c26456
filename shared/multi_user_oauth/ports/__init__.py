"""What the use cases need of the world, cut by the secret that each needs.

Every port has one contract suite that each implementation passes. Store methods raise
`StoreUnavailableError` when the database does not answer; what else they raise stands beside them.
"""

from typing import TYPE_CHECKING

from multi_user_oauth.loading import offers

if TYPE_CHECKING:
    from multi_user_oauth.ports.activity_store import (
        FlowMarks,
        KeptRead,
        KeyVersionNotes,
        LastUse,
        Ledger,
        LedgerErasure,
        People,
        ReadLog,
        SignOuts,
        TraceErasure,
        Usage,
        read_id,
    )
    from multi_user_oauth.ports.anchors import Anchor, AnchorShelf, Erasing
    from multi_user_oauth.ports.directory import (
        ConnectionCounts,
        ConnectionDirectory,
        EndingConnections,
        EndingPage,
        EndingPlace,
    )
    from multi_user_oauth.ports.main_store import (
        AuditReader,
        AuditWalk,
        ConnectionReader,
        ConnectionWriter,
        DueConnections,
        DuePage,
        Erasure,
        RescueStore,
        RevocationStore,
        SealedRecords,
        UnfinishedRevocations,
        Walked,
    )
    from multi_user_oauth.ports.providers import (
        Arrivals,
        Departure,
        Departures,
        Exchange,
        RefreshCall,
        Refreshing,
        Revoking,
        Trip,
    )
    from multi_user_oauth.ports.refreshers import Anew, Finisher, Refresher
    from multi_user_oauth.ports.rewrapping import RewrapStep, RewrapSteps
    from multi_user_oauth.ports.secrets import (
        Box,
        ClientSecrets,
        DataKey,
        KeyRotation,
        KeyVersions,
        Opener,
        Rewrapper,
        Sealer,
        Signer,
    )
    from multi_user_oauth.ports.world import Clock, Draw, Meter, Point, Sleep, Use, UseLog, nothing
else:
    __getattr__ = offers(
        __name__,
        {
            "activity_store": (
                "FlowMarks KeptRead KeyVersionNotes LastUse Ledger LedgerErasure People "
                "ReadLog SignOuts TraceErasure Usage read_id"
            ),
            "anchors": "Anchor AnchorShelf Erasing",
            "directory": (
                "ConnectionCounts ConnectionDirectory EndingConnections EndingPage EndingPlace"
            ),
            "main_store": (
                "AuditReader AuditWalk ConnectionReader ConnectionWriter "
                "DueConnections DuePage Erasure RescueStore RevocationStore SealedRecords "
                "UnfinishedRevocations Walked"
            ),
            "providers": (
                "Arrivals Departure Departures Exchange RefreshCall Refreshing Revoking Trip"
            ),
            "refreshers": "Anew Finisher Refresher",
            "rewrapping": "RewrapStep RewrapSteps",
            "secrets": (
                "Box ClientSecrets DataKey KeyRotation KeyVersions Opener Rewrapper Sealer Signer"
            ),
            "world": "Clock Draw Meter Point Sleep Use UseLog nothing",
        },
    )

__all__ = [
    "Anchor",
    "AnchorShelf",
    "Anew",
    "Arrivals",
    "AuditReader",
    "AuditWalk",
    "Box",
    "ClientSecrets",
    "Clock",
    "ConnectionCounts",
    "ConnectionDirectory",
    "ConnectionReader",
    "ConnectionWriter",
    "DataKey",
    "Departure",
    "Departures",
    "Draw",
    "DueConnections",
    "DuePage",
    "EndingConnections",
    "EndingPage",
    "EndingPlace",
    "Erasing",
    "Erasure",
    "Exchange",
    "Finisher",
    "FlowMarks",
    "KeptRead",
    "KeyRotation",
    "KeyVersionNotes",
    "KeyVersions",
    "LastUse",
    "Ledger",
    "LedgerErasure",
    "Meter",
    "Opener",
    "People",
    "Point",
    "ReadLog",
    "RefreshCall",
    "Refresher",
    "Refreshing",
    "RescueStore",
    "RevocationStore",
    "Revoking",
    "RewrapStep",
    "RewrapSteps",
    "Rewrapper",
    "SealedRecords",
    "Sealer",
    "SignOuts",
    "Signer",
    "Sleep",
    "TraceErasure",
    "Trip",
    "UnfinishedRevocations",
    "Usage",
    "Use",
    "UseLog",
    "Walked",
    "nothing",
    "read_id",
]
