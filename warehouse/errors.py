"""What can go wrong with BigQuery: one class per thing that a caller can do about it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from producer_contract.errors import BadUseError, UnavailableError


class WarehouseUnreachableError(UnavailableError):
    """BigQuery does not answer, or there are no credentials: mend that, and try again."""


class WarehouseForbiddenError(UnavailableError):
    """These credentials may not do it, or a quota is used up."""


class NotInWarehouseError(UnavailableError):
    """A dataset, table or job is not there: ``creneau warehouse apply`` makes what is missing."""


class WarehouseConflictError(UnavailableError):
    """It is there already: a job of the same id, say."""


class WarehouseRefusedError(UnavailableError):
    """BigQuery refuses what was asked."""


class JobUnfinishedError(UnavailableError):
    """BigQuery works on it and has not ended in the time allowed: run it again, or allow more."""


class TableOutdatedError(UnavailableError):
    """A table lacks a column: it was made by an older version, and is never changed."""

    def __init__(self, table: str, column: str) -> None:
        super().__init__(f"table {table} has no column '{column}': {WHAT_TO_DO}")


WHAT_TO_DO: Final = (
    "a table that is there is never changed; set another [warehouse] dataset, or drop the table if "
    "what it holds can be loaded again (bq rm -t), then creneau warehouse apply"
)


class JobTooLong(Exception):  # noqa: N818
    """What ``in_our_words`` makes a ``JobUnfinishedError`` of. ``seconds``: those allowed."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"not done after {seconds:g} s")


class WarehouseNotConfiguredError(BadUseError):
    """Neither a project nor an endpoint is set."""


@contextmanager
def in_our_words(what: str) -> Iterator[None]:
    """Turn Google's exceptions into ours, one line each; ``what`` was being done, say "lessons".

    Raises:
        WarehouseUnreachableError, WarehouseForbiddenError, NotInWarehouseError,
        WarehouseConflictError, WarehouseRefusedError, JobUnfinishedError.
    """
    from google.api_core import exceptions as google
    from google.auth.exceptions import GoogleAuthError, TransportError
    from requests.exceptions import RequestException

    try:
        yield
    except JobTooLong as error:
        raise JobUnfinishedError(
            f"{what}: {error} ([warehouse] job_seconds): run it again later, which does nothing "
            "twice, or allow it more"
        ) from error
    except TransportError as error:  # on the way to the credentials, which may be good
        raise _unreachable(what, error) from error
    except GoogleAuthError as error:
        raise WarehouseUnreachableError(
            f"{what}: no usable Google credentials ({_first_line(error)}): run gcloud auth "
            "application-default login, or set [warehouse] endpoint for an emulator"
        ) from error
    except google.NotFound as error:
        raise NotInWarehouseError(
            f"{what}: {_said(error)}; make what is missing with creneau warehouse apply"
        ) from error
    except google.Conflict as error:
        raise WarehouseConflictError(f"{what}: {_said(error)}") from error
    except (google.Forbidden, google.Unauthorized, google.TooManyRequests) as error:
        raise WarehouseForbiddenError(
            f"{what}: {_said(error)}; ask who runs the project for the right or the quota"
        ) from error
    except google.ClientError as error:
        if "unction not found: " in _said(error):  # a 400, unlike a table that is missing
            raise NotInWarehouseError(
                f"{what}: {_said(error)}; make what is missing with creneau warehouse apply"
            ) from error
        raise WarehouseRefusedError(f"{what}: BigQuery refuses it: {_said(error)}") from error
    except (google.GoogleAPIError, RequestException, ConnectionError, TimeoutError) as error:
        raise _unreachable(what, error) from error


def _unreachable(what: str, error: Exception) -> WarehouseUnreachableError:
    return WarehouseUnreachableError(
        f"{what}: BigQuery does not answer ({_why(error)}): check the network and [warehouse] "
        "endpoint, then try again"
    )


def _said(error: Exception) -> str:
    """What BigQuery said, without the request that it repeats before it."""
    message = str(getattr(error, "message", "") or error)
    return _first_line(message.rpartition("prettyPrint=false: ")[2])


def _why(error: Exception) -> str:
    """The heart of what requests and Google's retries wrap around a failed connection."""
    words = re.search(r"\[Errno -?\d+\] ([\w ]+)", str(error))
    return words[1] if words else _first_line(error)


def _first_line(said: object) -> str:
    lines = str(said).strip().splitlines()
    return lines[0][:300] if lines else "no reason given"
