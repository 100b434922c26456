"""The files of infra/ are well kept: formatted, described, and no place for a secret."""

import re
import subprocess

from tests.architecture.catalogue import FUNCTIONS
from tests.infra.terraform import INFRA, blocks, files, parsed, terraform, unquoted

PROTECTED = {
    "google_firestore_database",
    "google_kms_crypto_key",
    "google_secret_manager_secret",
}
"""What is lost for good when it is destroyed."""
LONGEST = 220


def test_every_file_is_formatted() -> None:
    """As `terraform fmt` would leave it."""
    command = [terraform(), "fmt", "-check", "-recursive", "-list=true", str(INFRA)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (checked.returncode, checked.stdout) == (0, "")


def test_every_file_can_be_parsed_and_fits_in_a_head() -> None:
    """Files by topic; but for the variables, which are a list."""
    for file in files():
        assert parsed(file), file
        lines = len((INFRA / file).read_text("utf-8").splitlines())
        assert lines <= LONGEST or file == "variables.tf", file


def test_every_variable_and_output_is_described_and_typed() -> None:
    """Whoever fills them in reads nothing else."""
    variables = list(blocks("variable"))
    assert len(variables) > 20
    for variable in variables:
        described = unquoted(variable.body["description"])
        assert described.endswith("."), variable.labels
        assert "type" in variable.body, variable.labels
    for output in blocks("output"):
        assert unquoted(output.body["description"]).endswith("."), output.labels


def test_the_example_names_variables_that_exist() -> None:
    """And all of those that have no default and are no alternative."""
    example = (INFRA / "terraform.tfvars.example").read_text("utf-8")
    named = set(re.findall(r"^(?:# )?(\w+) *= ", example, re.MULTILINE))
    there = {variable.labels[0]: variable.body for variable in blocks("variable")}
    assert named <= there.keys()
    assert {name for name, body in there.items() if "default" not in body} <= named


def test_no_secret_has_a_value() -> None:
    """N61: shells only, for what Terraform is told stands in its state, and in a plan that is kept."""
    types = {resource.labels[0] for resource in blocks("resource")}
    assert "google_secret_manager_secret" in types
    assert not types & {
        "google_secret_manager_secret_version",
        "google_service_account_key",
        "random_password",
        "tls_private_key",
    }
    text = "".join((INFRA / file).read_text("utf-8") for file in files())
    assert not re.search(r"secret_data|private_key|sensitive\s*=|BEGIN ", text)
    assert [block.labels for block in blocks("data")] == [("google_project", "this")]


def test_no_log_keeps_a_request_whose_query_is_secret() -> None:
    """N61: codes, states and tickets, at the platform and at the load balancer; all else is kept."""
    (exclusion,) = (b for b in blocks("resource") if b.labels[0].endswith("_exclusion"))
    assert exclusion.body["filter"] == "${local.secret_queries}"
    text = (INFRA / "logs.tf").read_text("utf-8")
    by_platform, by_balancer = re.findall(r'requestUrl=~\\"(.+?)\\"', text)
    (services,) = re.findall(r'service_name=~\\"(-.+?)\\"', text)
    names = {function.name: f"oauth-{function.name.replace('_', '-')}" for function in FUNCTIONS}
    secret = {name for name, service in names.items() if re.search(services, service)}
    assert secret == {"authorize", "callback_microsoft", "callback_google"}
    for function in FUNCTIONS:
        for route in function.routes:
            url = f"https://connect.company.com{route.path}?state=x"
            assert re.search(by_platform, url)
            is_secret = function.name in secret
            assert bool(re.search(by_balancer, url)) == is_secret, route.path
            assert not re.search(by_balancer, url.partition("?")[0])


def test_what_can_not_be_brought_back_is_not_destroyed() -> None:
    """Keys, databases, secrets, backups: `terraform destroy` stops at them."""
    guarded = [each for each in blocks("resource") if each.labels[0] in PROTECTED]
    assert len(guarded) == 6
    guarded += [
        each for each in blocks("resource", "backups.tf") if each.labels[0].endswith("_bucket")
    ]
    assert len(guarded) == 7
    for resource in guarded:
        assert resource.body["lifecycle"][0]["prevent_destroy"] is True, resource.labels


def test_providers_are_pinned() -> None:
    """A new major version is a decision."""
    (settings,) = parsed("versions.tf")["terraform"]
    assert unquoted(settings["required_version"]) == ">= 1.11, < 2.0"
    (providers,) = settings["required_providers"]
    assert unquoted(providers["google"])["version"] == "~> 8.7"
    assert [name for name in providers if not name.startswith("__")] == ["google"]


def test_every_skipped_check_says_why() -> None:
    """A finding of the checker is mended, or explained beside the resource."""
    for file in files():
        for skip in re.findall(r"#checkov:skip=(.*)", (INFRA / file).read_text("utf-8")):
            assert re.fullmatch(r"CKV2?_GCP_\d+: .{20,}", skip), skip


def test_no_basic_role_is_granted() -> None:
    """Nor one that could give itself more."""
    text = "".join((INFRA / file).read_text("utf-8") for file in files())
    roles = set(re.findall(r'"(roles/[\w.]+)"', text))
    assert roles == {
        "roles/artifactregistry.writer",
        "roles/cloudkms.cryptoKeyDecrypter",
        "roles/cloudkms.cryptoKeyEncrypter",
        "roles/cloudkms.signer",
        "roles/iam.serviceAccountOpenIdTokenCreator",
        "roles/iam.serviceAccountTokenCreator",
        "roles/logging.logWriter",
        "roles/pubsub.publisher",
        "roles/pubsub.subscriber",
        "roles/run.invoker",
        "roles/secretmanager.secretAccessor",
        "roles/storage.objectCreator",
        "roles/storage.objectViewer",
    }
