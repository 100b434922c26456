"""What the use cases need of the world, cut by the secret that each needs.

Every port has one contract suite that each implementation passes. Store methods raise
`StoreUnavailableError` when the database does not answer; what else they raise stands beside them.
"""

from multi_user_oauth.ports.activity_store import (
    FlowMarks,
    KeyVersionNotes,
    LastUse,
    Ledger,
    People,
    SignOuts,
    Usage,
)
from multi_user_oauth.ports.main_store import (
    AuditReader,
    ConnectionDirectory,
    ConnectionReader,
    ConnectionWriter,
    DueConnections,
    RescueStore,
    RevocationStore,
    SealedRecords,
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
from multi_user_oauth.ports.refreshers import Finisher, Refresher
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

__all__ = [
    "Arrivals",
    "AuditReader",
    "Box",
    "ClientSecrets",
    "Clock",
    "ConnectionDirectory",
    "ConnectionReader",
    "ConnectionWriter",
    "DataKey",
    "Departure",
    "Departures",
    "Draw",
    "DueConnections",
    "Exchange",
    "Finisher",
    "FlowMarks",
    "KeyRotation",
    "KeyVersionNotes",
    "KeyVersions",
    "LastUse",
    "Ledger",
    "Meter",
    "Opener",
    "People",
    "Point",
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
    "Trip",
    "Usage",
    "Use",
    "UseLog",
    "nothing",
]
