"""The small company whose people sign in at the sandbox: same identifiers in every run."""

import uuid
from dataclasses import dataclass, replace
from typing import Final

COMPANY_DOMAIN: Final = "company.com"
COMPANY_TENANT: Final = "7c0fd12e-3a46-4f1c-9d3b-5b8a1f6e2c40"
OTHER_DOMAIN: Final = "othercorp.example"
OTHER_TENANT: Final = "e2b6a9d4-51c8-4b07-8f2e-0a9d7c3b6f15"
PARTNER_DOMAIN: Final = "partner.example"
PARTNER_TENANT: Final = "3f9d2b71-6c05-4a8e-b1d7-92e4c8a5f063"
CONSUMER_TENANT: Final = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""Microsoft's tenant of personal accounts, the same for everybody."""

TENANTS: Final = {
    COMPANY_TENANT: COMPANY_DOMAIN,
    OTHER_TENANT: OTHER_DOMAIN,
    PARTNER_TENANT: PARTNER_DOMAIN,
    CONSUMER_TENANT: "consumers",
}
MAX_GOOGLE_DIGITS: Final = 10**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person as both providers know them."""

    id: str
    """What the chooser's button carries; never leaves the sandbox."""
    name: str
    email: str
    upn: str
    """Microsoft's sign-in name; may differ from the e-mail."""
    home_tenant: str = COMPANY_TENANT
    hd: str | None = COMPANY_DOMAIN
    """Google's hosted domain; None is a consumer account."""
    guest_of: str | None = None
    """The tenant that lists this person as a guest, under an object id of its own."""
    admin: bool = False
    """Microsoft: may consent for everybody."""
    roles: tuple[str, ...] = ()
    """Microsoft: the application roles that the person is assigned to."""

    @property
    def sub(self) -> str:
        """Google's identifier of the person: 21 digits."""
        return google_digits(f"person/{self.id}")

    def is_guest(self, tenant: str) -> bool:
        """Whether this person is a guest, not a member, of `tenant`."""
        return tenant == self.guest_of

    def oid(self, tenant: str) -> str:
        """Microsoft's object id of the person; a guest has another one in each tenant."""
        return stable_guid(f"oid/{tenant}/{self.id}")

    def upn_in(self, tenant: str) -> str:
        """Give the user principal name as `tenant` writes it, with #EXT# for a guest."""
        if not self.is_guest(tenant):
            return self.upn
        return f"{self.upn.replace('@', '_')}#EXT#@{TENANTS[tenant]}"


def stable_guid(name: str) -> str:
    """Give a GUID that depends on `name` only."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://sandbox.invalid/{name}"))


def google_digits(name: str) -> str:
    """Give the 21 digits by which Google would name someone, from `name` only."""
    return "1" + str(uuid.UUID(stable_guid(name)).int % MAX_GOOGLE_DIGITS).zfill(20)


def colleague(name: str, *, upn: str = "", email: str = "") -> Account:
    """Make a member of the company: `Ann Bell` becomes ann@company.com unless told otherwise."""
    first = name.partition(" ")[0].lower()
    address = email or f"{first}@{COMPANY_DOMAIN}"
    return Account(id=first, name=name, email=address, upn=upn or address)


SARAH: Final = colleague("Sarah Jensen")
JOHN: Final = colleague("John Okafor")
MARIA: Final = colleague("Maria Rossi")
ADMIN: Final = replace(colleague("Admin Weber"), admin=True, roles=("Admin",))
PAT: Final = colleague("Pat Lee", email=f"pat.lee@{COMPANY_DOMAIN}", upn=f"plee@{COMPANY_DOMAIN}")
GUEST: Final = Account(
    id="guest",
    name="Gina Moreau",
    email=f"gina@{PARTNER_DOMAIN}",
    upn=f"gina@{PARTNER_DOMAIN}",
    home_tenant=PARTNER_TENANT,
    hd=PARTNER_DOMAIN,
    guest_of=COMPANY_TENANT,
)
MALLORY: Final = Account(
    id="mallory",
    name="Mallory Crane",
    email=f"mallory@{OTHER_DOMAIN}",
    upn=f"mallory@{OTHER_DOMAIN}",
    home_tenant=OTHER_TENANT,
    hd=OTHER_DOMAIN,
)
CONSUMER: Final = Account(
    id="consumer",
    name="Chris Private",
    email="chris.private@mail.example",
    upn="chris.private@mail.example",
    home_tenant=CONSUMER_TENANT,
    hd=None,
)

ACCOUNTS: Final = (SARAH, JOHN, MARIA, ADMIN, PAT, GUEST, MALLORY, CONSUMER)

AGENT_PROJECT: Final = "company-project"
DEFAULT_AGENT: Final = f"email-agent@{AGENT_PROJECT}.iam.gserviceaccount.com"


def microsoft_identity(account: Account, tenant: str | None = None) -> str:
    """Name who `account` is at Microsoft: `microsoft:{tid}:{oid}`, in the home tenant if none."""
    tid = tenant or account.home_tenant
    return f"microsoft:{tid}:{account.oid(tid)}"


def google_identity(account: Account) -> str:
    """Name who `account` is at Google: `google:{sub}`."""
    return f"google:{account.sub}"
