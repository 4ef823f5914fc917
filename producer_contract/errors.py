"""What a user is told when something cannot be done.

Every error of ours that can reach a person is one of these. The message is one line: what happened,
to what, and what to do next. The command line prints it and exits with ``exit_code``; a traceback
never reaches a user.
"""

from typing import ClassVar


class CreneauError(Exception):
    """The root of every error that a user may see."""

    exit_code: ClassVar[int] = 3


class BadUseError(CreneauError):
    """Bad use or unreadable input (exit code 2): a wrong option, setting or file."""

    exit_code: ClassVar[int] = 2


class UnavailableError(CreneauError):
    """Something needed is not there, refused or wrongly set (exit code 3)."""

    exit_code: ClassVar[int] = 3
