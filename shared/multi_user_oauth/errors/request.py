"""What a request got wrong (RFC 9110, 15.5), and who may not make it."""

from multi_user_oauth.errors.base import MultiUserOAuthError


class RequestError(MultiUserOAuthError):
    """The request can not be served as it stands; `field` names the culprit where there is one."""

    code, status = "invalid_request", 400

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class UnknownFieldError(RequestError):
    """A field or parameter that this route does not know."""

    code = "unknown_field"


class ForbiddenFieldError(RequestError):
    """A field that only our configuration may decide: client_id, client_secret, tenant_id."""

    code = "forbidden_field"


class DuplicateParameterError(RequestError):
    """A query parameter given twice: which one is meant is a guess that attackers make for us."""

    code = "duplicate_parameter"


class UnknownConnectorTypeError(RequestError):
    """No connector type of that name is configured."""

    code = "unknown_connector_type"


class MalformedEmailError(RequestError):
    """The text is not an e-mail address of at most 254 characters."""

    code = "malformed_email"


class NotJsonError(RequestError):
    """The body has another media type than application/json."""

    code, status = "not_json", 415


class BodyTooLargeError(RequestError):
    """The body is larger than this route reads."""

    code, status = "body_too_large", 413


class NotFoundError(MultiUserOAuthError):
    """No route has this path."""

    code, status = "not_found", 404


class MethodNotAllowedError(MultiUserOAuthError):
    """The route exists, with other methods: `allowed`."""

    code, status = "method_not_allowed", 405

    def __init__(self, allowed: tuple[str, ...]) -> None:
        super().__init__("method not allowed")
        self.allowed = allowed


class UnauthenticatedError(MultiUserOAuthError):
    """The caller proved no identity that this route accepts."""

    code, status = "unauthenticated", 401


class ForbiddenError(MultiUserOAuthError):
    """The caller is known and may not do this."""

    code, status = "forbidden", 403


class CrossSiteRequestError(ForbiddenError):
    """A browser sent this from a page that is not ours."""

    code = "csrf"


class InsufficientScopeError(ForbiddenError):
    """
    A scope was asked for that the person, or the policy, did not grant (RFC 6750, 3.1).

    Any of `scopes` would do, the narrowest first; empty where no sign-in could help.
    """

    code = "insufficient_scope"

    def __init__(self, message: str, *, scopes: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.scopes = scopes


class DelegationRequiredError(ForbiddenError):
    """The person has not left this to the agent, or has cut it."""

    code = "delegation_required"


class StepUpRequiredError(ForbiddenError):
    """An admin must prove more, and lately, before changing what is another's."""

    code = "step_up_required"


class TooManyDelegationsError(RequestError):
    """A connection holds as many delegations as it may."""

    code, status = "too_many_delegations", 409
