"""Everything the two providers know: the clock, keys, tokens, consents, mail, faults."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from threading import RLock
from typing import Any

import msgspec
from joserfc.jwk import RSAKey

from . import storage
from .company import Account
from .faults import Fault, Faults
from .ledger import RequestLog, SecretLedger
from .office.memory import Office
from .records import (
    DEFAULT_SETTINGS,
    Clock,
    Code,
    Draw,
    Mail,
    ProviderName,
    Registration,
    SandboxConfig,
    Settings,
    Token,
    digest,
)
from .signing import load_key, new_key, process_key

EXPIRED_KEPT = 3600.0


class State:
    """The one memory of a sandbox; whoever changes it holds `lock`."""

    def __init__(self, config: SandboxConfig, *, now: Clock, draw: Draw) -> None:
        self.config = config
        self.lock = RLock()
        self.faults = Faults()
        self.secrets = SecretLedger()
        self.requests = RequestLog()
        self.settings: dict[str, Settings] = dict(DEFAULT_SETTINGS)
        self.codes: dict[str, Code] = {}
        self.assertions: set[str] = set()
        self._now = now
        self.draw = draw
        saved = storage.load(config.state_file)
        self.clock_offset = saved.clock_offset
        self.tokens = {token.digest: token for token in saved.tokens}
        self.consents = {who: set(scopes) for who, scopes in saved.consents.items()}
        self.mailbox = list(saved.mailbox)
        self.office = Office(saved.office, config.state_file)
        self._keys = {name: [load_key(key) for key in keys] for name, keys in saved.keys.items()}
        self.applications: dict[ProviderName, Registration | None] = {}
        self.register("microsoft", config.microsoft)
        self.register("google", config.google)

    def now(self) -> float:
        """Give the sandbox's own time: seconds since 1970, shifted by `advance`."""
        return (self._now() + timedelta(seconds=self.clock_offset)).timestamp()

    def random_text(self, length: int = 48) -> str:
        """Give `length` random bytes, readable."""
        return base64.urlsafe_b64encode(self.draw(length)).rstrip(b"=").decode()

    def new_secret(self, kind: str, prefix: str, length: int = 48) -> str:
        """Make a secret of this kind and remember it in the ledger."""
        value = prefix + self.random_text(length)
        self.secrets.add(kind, value)
        return value

    def keys(self, provider: ProviderName) -> list[RSAKey]:
        """Give the published keys, the signing one last."""
        with self.lock:
            if provider not in self._keys:
                # Without a file nobody can tell a shared key from an own one, and it is quicker.
                fresh = new_key() if self.config.state_file else process_key(provider)
                self._keys[provider] = [fresh]
                self.save()
            return self._keys[provider]

    def rotate_key(self, provider: ProviderName) -> None:
        """Sign with a new key from now on; the old ones stay published."""
        self.keys(provider).append(new_key())

    def account(self, name: str | None) -> Account | None:
        """Find a person by id, e-mail or user principal name."""
        wanted = (name or "").casefold()
        for account in self.config.accounts:
            if wanted and wanted in (account.id, account.email.casefold(), account.upn.casefold()):
                return account
        return None

    def keep(self, token: Token) -> None:
        """Remember a token, new or changed."""
        self.tokens[token.digest] = token

    def find(self, value: str | None, kind: str | None = None) -> Token | None:
        """Find the token with this value, dead or alive."""
        token = self.tokens.get(digest(value or ""))
        return token if token and kind in (None, token.kind) else None

    def code(self, value: str | None) -> Code | None:
        """Find the code with this value, used or not."""
        return self.codes.get(digest(value or ""))

    def alive(self, token: Token | None) -> bool:
        """Tell whether `token` still works."""
        return token is not None and not token.refused and self.now() < token.expires_at

    def kill_grant(self, grant: str, why: str) -> None:
        """Refuse every token that came out of one sign-in."""
        for token in [token for token in self.tokens.values() if token.grant == grant]:
            self.keep(replace(token, refused=token.refused or why))

    def kill_person(self, provider: ProviderName, account: str, why: str = "revoked") -> None:
        """Refuse every token of a person at a provider and forget what they consented to."""
        for token in list(self.tokens.values()):
            if (token.provider, token.account) == (provider, account):
                self.keep(replace(token, refused=token.refused or why))
        for code in list(self.codes.values()):
            if (code.provider, code.account) == (provider, account):
                del self.codes[code.digest]
        for key in [k for k in self.consents if k.split()[::2] == [provider, account]]:
            del self.consents[key]

    def expire_access_tokens(self) -> int:
        """Let all access tokens end now; give how many were alive."""
        living = [t for t in self.tokens.values() if t.kind == "access" and self.alive(t)]
        for token in living:
            self.keep(replace(token, expires_at=self.now()))
        return len(living)

    def consented(self, provider: ProviderName, client_id: str, account: str) -> set[str]:
        """Give the scopes a person has consented to for an application; a live set."""
        return self.consents.setdefault(f"{provider} {client_id} {account}", set())

    def deliver(self, mail: Mail) -> None:
        """Put a mail into the mailbox that everybody shares."""
        self.mailbox.append(mail)

    def save(self) -> None:
        """Write the state file, if there is one."""
        if self.config.state_file is None:
            return
        horizon = self.now() - EXPIRED_KEPT
        saved = storage.Saved(
            clock_offset=self.clock_offset,
            keys={
                name: [dict(k.as_dict(private=True)) for k in v] for name, v in self._keys.items()
            },
            tokens=[t for t in self.tokens.values() if t.expires_at > horizon],
            consents={who: sorted(scopes) for who, scopes in self.consents.items()},
            mailbox=self.mailbox,
            office=self.office.saved(),
        )
        storage.save(self.config.state_file, saved)

    def register(self, provider: ProviderName, registration: Registration | None) -> None:
        """Know this application from now on; its secrets join the ledger."""
        self.applications[provider] = registration
        for secret in registration.client_secrets if registration else ():
            self.secrets.add("client_secret", secret)

    def set(self, provider: ProviderName, changes: Mapping[str, Any]) -> Settings:
        """Change settings. Raises msgspec.ValidationError for an unknown name or a wrong value."""
        merged = msgspec.to_builtins(self.settings[provider]) | dict(changes)
        unknown = merged.keys() - set(Settings.__dataclass_fields__)
        if unknown:
            raise msgspec.ValidationError(f"unknown setting: {', '.join(sorted(unknown))}")
        self.settings[provider] = msgspec.convert(merged, Settings)
        return self.settings[provider]

    def add_fault(self, fields: Mapping[str, Any]) -> None:
        """Let something fail. Raises msgspec.ValidationError for an unknown name or wrong value."""
        unknown = fields.keys() - set(Fault.__dataclass_fields__)
        if unknown:
            raise msgspec.ValidationError(f"unknown field: {', '.join(sorted(unknown))}")
        self.faults.add(msgspec.convert(dict(fields), Fault))
