"""An older system's thousand files."""

from pathlib import Path

from click.testing import CliRunner, Result

from multi_user_oauth.cli import main
from multi_user_oauth.cli.files import provision_deployment
from multi_user_oauth.cli.settings_file import write_settings
from multi_user_oauth.sandbox.company import colleague
from tests.support.importing import import_many, old_system


def test_a_thousand_files_ten_of_them_bad(tmp_path: Path) -> None:
    """990 are taken in, ten listed with their reasons; a second run asks for those alone."""
    values = provision_deployment(tmp_path / "deployment")
    file = tmp_path / "deployment" / "settings.env"
    write_settings(file, {"PUBLIC_ORIGIN": "http://localhost:8084", **values}, "for a test")
    people = [colleague(f"P{number} Test") for number in range(1_000)]

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(main, [str(each) for each in arguments])

    with old_system(run, file, people) as old:
        import_many(old, people)
