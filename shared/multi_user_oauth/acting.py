"""Acting as a person: the token of one call of ours, which never leaves us."""

from collections.abc import Callable

from multi_user_oauth.errors import InsufficientScopeError
from multi_user_oauth.model import AccessToken, Action, Caller, ConnectionKey
from multi_user_oauth.token import GetAccessToken


class Acting:
    """
    One caller as one person, for the length of one request.

    The first token that is taken writes down the use; what follows in the same request is part of it.
    """

    def __init__(
        self,
        *,
        tokens: GetAccessToken,
        caller: Caller,
        key: ConnectionKey,
        action: Action,
        purpose: str,
        admit_forced: Callable[[Caller, ConnectionKey], None],
    ) -> None:
        self._tokens = tokens
        self._caller = caller
        self._key = key
        self._action = action
        self._purpose = purpose
        self._admit_forced = admit_forced
        self._held: AccessToken | None = None

    def token(self, *needs: str) -> AccessToken:
        """Return the person's token if it has any of these scopes; raise as `GetAccessToken.get` does."""
        if self._held is None:
            self._held = self._get(needs)
        elif not self.has(*needs):
            message = f"{self._key}: no scope for this is granted"
            raise InsufficientScopeError(message, scopes=needs)
        return self._held

    def has(self, *needs: str) -> bool:
        """Return whether the token that was taken before has any of these scopes."""
        if self._held is None:
            return False
        left = self._tokens.left_to(self._caller, self._held)
        return any(scope.lower() in left for scope in needs)

    def renewed(self, *needs: str, claims: str | None) -> AccessToken:
        """
        Return another token than the API refused, at most one a minute; raise as `token` does.

        Also `TooManyRequestsError`: a challenge has the provider asked each time.
        """
        if claims is not None:
            self._admit_forced(self._caller, self._key)
        self._held = self._get(needs, forced=True, claims=claims)
        return self._held

    def _get(
        self, needs: tuple[str, ...], *, forced: bool = False, claims: str | None = None
    ) -> AccessToken:
        return self._tokens.get(
            self._caller,
            self._key,
            action=self._action,
            any_of=needs,
            purpose=self._purpose,
            force_refresh=forced,
            claims_challenge=claims,
        )
