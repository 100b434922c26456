"""The knobs of a sandbox: what `/_sandbox/...` offers over HTTP, as plain methods."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from .company import DEFAULT_AGENT
from .office.memory import Office, SavedOffice
from .records import DEFAULT_SETTINGS, Mail, ProviderName, Settings
from .service_accounts import identity_token
from .state import State


class Controls:
    """Let the providers fail, time pass and grants die; see what happened."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add_fault(self, **fields: Any) -> None:  # noqa: ANN401  # reason: the fields of faults.Fault
        """Let something fail. Raises msgspec.ValidationError for unknown names or values."""
        with self._state.lock:
            self._state.add_fault(fields)

    def clear_faults(self) -> None:
        """Let nothing more fail."""
        with self._state.lock:
            self._state.faults.clear()

    def set(self, provider: ProviderName, **changes: Any) -> Settings:  # noqa: ANN401  # reason: records.Settings
        """Change a provider's settings. Raises msgspec.ValidationError like `add_fault`."""
        with self._state.lock:
            return self._state.set(provider, changes)

    def set_credentials(
        self,
        provider: ProviderName,
        *,
        client_secrets: Sequence[str] | None = None,
        expired_secrets: Sequence[str] | None = None,
        certificates: Sequence[str] | None = None,
    ) -> None:
        """Let the application have these credentials, certificates as PEM; None: as it was."""
        with self._state.lock:
            known = self._state.applications[provider]
            if known is None:
                return
            changed = replace(
                known,
                client_secrets=_given(client_secrets, known.client_secrets),
                expired_secrets=_given(expired_secrets, known.expired_secrets),
                certificates=_given(certificates, known.certificates),
            )
            self._state.register(provider, changed)

    def reset(self) -> None:
        """Forget tokens, consents, mail, faults, settings, requests; keep keys and the ledger."""
        state = self._state
        with state.lock:
            for memory in (state.tokens, state.codes, state.consents, state.mailbox):
                memory.clear()
            state.office = Office(SavedOffice(), state.config.state_file)
            state.faults.clear()
            state.requests.clear()
            state.register("microsoft", state.config.microsoft)
            state.register("google", state.config.google)
            state.settings = dict(DEFAULT_SETTINGS)
            state.clock_offset = 0.0
            state.save()

    def advance(self, seconds: float) -> None:
        """Move the sandbox's own clock."""
        with self._state.lock:
            self._state.clock_offset += seconds
            self._state.save()

    def expire_access_tokens(self) -> int:
        """Let every access token be expired now, and say how many were not."""
        with self._state.lock:
            count = self._state.expire_access_tokens()
            self._state.save()
            return count

    def revoke_grant(self, provider: ProviderName, account: str) -> bool:
        """Take back what a person gave, as on the provider's own account page."""
        with self._state.lock:
            found = self._state.account(account)
            if found:
                self._state.kill_person(provider, found.id)
                self._state.save()
            return found is not None

    def rotate_key(self, provider: ProviderName) -> None:
        """Sign with a new key from now on; the old ones stay published."""
        with self._state.lock:
            self._state.rotate_key(provider)
            self._state.save()

    def requests(self) -> Sequence[Mapping[str, object]]:
        """Give the request log, oldest first."""
        return self._state.requests.as_list()

    def clear_requests(self) -> None:
        """Forget the request log."""
        self._state.requests.clear()

    def secrets(self) -> Sequence[Mapping[str, str]]:
        """Give every secret issued or seen: `{kind, value}`."""
        return self._state.secrets.as_list()

    def grants(self) -> Sequence[Mapping[str, object]]:
        """Give every refresh token by its SHA-256: parent, person, whether it lives, its uses."""
        with self._state.lock:
            found = [token for token in self._state.tokens.values() if token.kind == "refresh"]
            return [asdict(t) | {"valid": self._state.alive(t)} for t in found]

    def mailbox(self) -> Sequence[Mail]:
        """Give every mail that was sent, oldest first."""
        return tuple(self._state.mailbox)

    def identity_token(self, audience: str, email: str = DEFAULT_AGENT) -> str:
        """Give a service account's OIDC token, spoilt, or none, if a fault for `identity` is due."""
        with self._state.lock:
            return identity_token(self._state, audience, email)


def _given(given: Sequence[str] | None, known: Sequence[str]) -> Sequence[str]:
    return known if given is None else tuple(given)
