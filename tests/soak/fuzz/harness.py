"""Gives one target to the fuzzer: `python -m tests.soak.fuzz.harness TARGET CORPUS [flags]`."""

import sys

import atheris

with atheris.instrument_imports(include=["multi_user_oauth", "joserfc", "yaml"]):
    from tests.support.fuzzing import TARGETS, Run, check


def planted(data: bytes) -> None:
    """Fail as a parser with a hole in it would: to see that the fuzzer finds it."""
    if data[:1] == b"!":
        raise KeyError("a planted fault")


def main() -> None:
    """Fuzz until the time is over; a crash ends the process and leaves its input in a file."""
    name = sys.argv.pop(1)
    run: Run = planted if name == "planted" else TARGETS[name]()
    atheris.Setup(sys.argv, lambda data: check(run, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
