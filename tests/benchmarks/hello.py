"""The least that a function can be: the yardstick of every start."""

from flask import Request


def main(_: Request) -> str:
    """Answer."""
    return "hello"
