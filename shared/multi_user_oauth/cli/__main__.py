"""`python -m multi_user_oauth.cli`, where the command is not installed."""

from multi_user_oauth.cli import main

main(prog_name="multi-user-oauth")
