"""Completion in bash: click's, but for words with @, = or :, which bash takes apart."""

import os
from typing import Final

from click.shell_completion import (
    CompletionItem,
    ShellComplete,
    add_completion_class,
    split_arg_string,
)

_SOURCE: Final = r"""%(complete_func)s() {
    local IFS=$'\n' line=${COMP_LINE:0:COMP_POINT} response completion type value word cut
    word=${line##*[[:space:]]}
    cut=${word%%"${word##*["$COMP_WORDBREAKS"]}"}
    response=$(env COMP_LINE="$line" %(complete_var)s=bash_complete "$1" 2>/dev/null)
    COMPREPLY=()
    for completion in $response; do
        type=${completion%%%%,*} value=${completion#*,}
        case $type in
            dir) compopt -o dirnames 2>/dev/null || COMPREPLY=($(compgen -d -- "$word")) ;;
            file) compopt -o default 2>/dev/null || COMPREPLY=($(compgen -f -- "$word")) ;;
            plain) COMPREPLY+=("${value#"$cut"}") ;;
        esac
    done
}
complete -o nosort -F %(complete_func)s %(prog_name)s 2>/dev/null ||
    complete -F %(complete_func)s %(prog_name)s
"""


class Bash(ShellComplete):
    """
    Bash's part in it, from its version 3.2 on.

    An e-mail is several words to bash. So the line is sent as it was typed, and of what comes back bash
    is given what follows the last character at which it breaks words.
    """

    name = "bash"
    source_template = _SOURCE

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one that is being typed, and that one."""
        line = os.environ.get("COMP_LINE", "")
        words = split_arg_string(line)
        unfinished = words.pop() if words and not line[-1:].isspace() else ""
        return words[1:], unfinished

    def format_completion(self, item: CompletionItem) -> str:
        """Return a line of the answer."""
        return f"{item.type},{item.value}"


def register() -> None:
    """Let a shell that asks click for bash have this."""
    add_completion_class(Bash)
