// The types of connect.js. TypeScript does not load types from an address: keep a copy of this file, and name it
// for the address in tsconfig.json: "paths": {"https://vault.example/connect.js": ["./types/connect.d.ts"]}.

/** All that people read; a page may change them. `{email}` and `{code}` are filled in. */
export declare const texts: Record<string, string>;

/** What went wrong before the person left, or while asking how it ended. */
export declare class ConnectError extends Error {
  constructor(code: ErrorCode, field?: string);
  name: "ConnectError";
  readonly code: ErrorCode;
  /** The field of the request that the API did not like. */
  readonly field?: string;
}

/** Ours first; then what the API says, of which there may be more one day. */
export type ErrorCode =
  | "aborted"
  | "offline"
  | "origin_not_allowed"
  | "popup_blocked"
  | "return_to_refused"
  | "internal_error"
  | "invalid_request"
  | "malformed_email"
  | "too_many_requests"
  | "unknown_connector_type"
  | (string & {});

/** Why a sign-in failed; there may be more one day. */
export type FailureCode =
  | "access_denied"
  | "admin_consent_required"
  | "consent_missing_required_scope"
  | "consumer_account_refused"
  | "email_mismatch"
  | "flow_expired"
  | "guest_refused"
  | "held_by_another_account"
  | "identity_unverified"
  | "no_refresh_token"
  | "provider_misconfigured"
  | "provider_unavailable"
  | "state_mismatch"
  | "wrong_tenant"
  | (string & {});

interface Ended {
  connector: string;
  userEmail: string;
  /** A sentence for the person, from `texts`. */
  message: string;
}

/** How a sign-in ended that this tab began, as the vault says it. */
export type Outcome =
  | (Ended & { status: "connected"; code?: undefined })
  | (Ended & { status: "failed"; code: FailureCode })
  /** It was not finished in time. */
  | (Ended & { status: "expired"; code?: undefined })
  /** The person came back before its end. */
  | (Ended & { status: "pending"; code?: undefined });

/** The page's address names a sign-in that this tab did not begin: anybody can write such a link. */
export interface Unknown {
  status: "unknown";
  message: string;
}

export interface ConnectOptions {
  /** The connector type, as the vault's configuration names it. */
  connector: string;
  /** Whose account it has to be. */
  userEmail: string;
  /** Optional scopes to ask for besides the configured ones. */
  scopes?: string[];
  /** Where to come back to: this page unless given. Its origin has to be one of the vault's RETURN_ORIGINS. */
  returnTo?: string;
  /** `redirect` (the default) leaves the page; `popup` opens a window, and has to be called in a click. */
  mode?: "redirect" | "popup" | "";
  /** The vault's origin, for a copy of connect.js that another server serves. */
  vault?: string;
  /** Stops waiting. */
  signal?: AbortSignal;
}

/**
 * Send the person to sign in.
 *
 * With `redirect` the page is left, and `result()` of the next one tells how it ended; should this page be shown
 * again as it was left, the promise resolves there. With `popup` it resolves when it is over.
 * Rejects with a `ConnectError`.
 */
export declare function connect(options: ConnectOptions): Promise<Outcome>;

/**
 * Resolve with how the sign-in ended from which the person comes back; null if this tab began none.
 *
 * Asks once for each page, and tells the end of a sign-in once. Rejects with a `ConnectError`; then it may be
 * called again.
 */
export declare function result(): Promise<Outcome | Unknown | null>;

/** A detail of `failed`: an outcome, or what went wrong before or after. */
export interface Failure {
  status: "failed" | "expired";
  code?: FailureCode | ErrorCode;
  connector: string;
  userEmail: string;
  message: string;
}

export interface OAuthConnectEventMap extends HTMLElementEventMap {
  /** The person is about to leave. */
  pending: CustomEvent<{ connector: string; userEmail: string }>;
  connected: CustomEvent<Extract<Outcome, { status: "connected" }>>;
  failed: CustomEvent<Failure>;
}

/** `<oauth-connect connector="microsoft_teams" user-email="sarah@company.com">` */
export declare class OAuthConnect extends HTMLElement {
  static readonly observedAttributes: string[];
  /** `connector` */
  connector: string;
  /** `user-email`; the person is asked for it if it is empty. */
  userEmail: string;
  /** `scopes`, separated by spaces; may be set to a list. */
  get scopes(): string;
  set scopes(value: string | readonly string[]);
  /** `return-to` */
  returnTo: string;
  /** `mode` */
  mode: "" | "redirect" | "popup";
  /** `provider`: whose button it is; by the connector's name unless given. */
  provider: "" | "microsoft" | "google" | "other";
  /** `label`: the button's text instead of ours. */
  label: string;
  /** `vault` */
  vault: string;
  /** `state`: empty at first. Set it to `connected` where your back end knows that. */
  state: "" | "starting" | "waiting" | "checking" | "connected" | "failed";
  /** `disabled` */
  disabled: boolean;
  connectedCallback(): void;
  disconnectedCallback(): void;
  attributeChangedCallback(): void;
  addEventListener<K extends keyof OAuthConnectEventMap>(
    type: K,
    listener: (this: OAuthConnect, event: OAuthConnectEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<K extends keyof OAuthConnectEventMap>(
    type: K,
    listener: (this: OAuthConnect, event: OAuthConnectEventMap[K]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | EventListenerOptions,
  ): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "oauth-connect": OAuthConnect;
  }
}
