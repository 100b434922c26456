"""How a trip to a provider and back can fail."""

from multi_user_oauth.errors.base import MultiUserOAuthError


class SignInError(MultiUserOAuthError):
    """The sign-in did not end in a connection; nothing was stored but the spent state."""


class TicketInvalidError(SignInError):
    """The link was not made by us, or was altered."""

    code, status = "ticket_invalid", 400


class TicketExpiredError(SignInError):
    """The link is over ten minutes old."""

    code, status = "ticket_expired", 410


class FlowMissingError(SignInError):
    """This browser did not start the flow that this answer belongs to."""

    code, status = "flow_missing", 400


class FlowExpiredError(SignInError):
    """The flow is over ten minutes old."""

    code, status = "flow_expired", 410


class StateMismatchError(SignInError):
    """The answer's `state`, `iss` or endpoint is not the flow's (RFC 9700, 2.1 and 4.4)."""

    code, status = "state_mismatch", 400


class FlowAlreadyUsedError(SignInError):
    """The flow's state was spent before: an answer counts once."""

    code, status = "flow_already_used", 409


class AccessDeniedError(SignInError):
    """The person, or the provider on their behalf, said no (RFC 6749, 4.1.2.1)."""

    code, status = "access_denied", 403


class AdminConsentRequiredError(SignInError):
    """The organisation's admin must consent, or change a rule, before this person can connect."""

    code, status = "admin_consent_required", 403


class RequiredScopeMissingError(SignInError):
    """A permission without which the connector can not work was not granted."""

    code, status = "consent_missing_required_scope", 403


class NoRefreshTokenError(SignInError):
    """The provider gave no refresh token: once more, with consent."""

    code, status = "no_refresh_token", 409


class IdentityUnverifiedError(SignInError):
    """The id_token is missing or did not verify (OpenID Connect Core, 3.1.3.7)."""

    code, status = "identity_unverified", 403


class WrongTenantError(SignInError):
    """The account belongs to an organisation that is not ours."""

    code, status = "wrong_tenant", 403


class GuestRefusedError(SignInError):
    """The account is a guest in the tenant."""

    code, status = "guest_refused", 403


class ConsumerAccountRefusedError(SignInError):
    """The account is a private one, of no organisation."""

    code, status = "consumer_account_refused", 403


class EmailMismatchError(SignInError):
    """Another account signed in than the one whose e-mail was typed."""

    code, status = "email_mismatch", 403
