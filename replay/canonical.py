"""The certificate's canonical form (RFC 8785) and its digest, and reading one from a file."""

import hashlib
import json
from pathlib import Path
from typing import Any

from producer_contract.errors import BadUseError

Certificate = dict[str, Any]
"""The JSON object of the names page."""


class UnreadableCertificateError(BadUseError):
    """A file that is not a certificate."""


def canonical(certificate: Certificate) -> bytes:
    """RFC 8785 canonical JSON.

    The certificate holds strings, integers, objects and arrays only, and its keys are ASCII: there
    Python's writer and ECMAScript's agree, and sorting by code point is sorting by UTF-16 unit.
    """
    return json.dumps(
        certificate, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()


def digest(certificate: Certificate) -> str:
    """SHA-256 of the canonical form, in hex: what ``ReplayCompleted`` carries."""
    return hashlib.sha256(canonical(certificate)).hexdigest()


def read_certificate(path: Path) -> Certificate:
    """The certificate in a file, its form checked as far as verifying needs it.

    Raises:
        UnreadableCertificateError: it cannot be read, or is none.
    """
    try:
        found = json.loads(path.read_bytes())
        str(found["replay_id"]), int(found["epoch"])
        [str(model["version"]) for model in found["from_models"]]
        _check_ranges([(int(p), int(start), int(end)) for p, start, end in found["affected"]])
        # What has no canonical form (a lone surrogate) has no digest either.
        canonical(found)
    except OSError as error:
        raise UnreadableCertificateError(
            f"the certificate {path} cannot be read: {error.strerror}; "
            "write it with creneau replay certificate"
        ) from error
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise UnreadableCertificateError(
            f"{path} is not a certificate ({type(error).__name__}: {error}); "
            "write one with creneau replay certificate"
        ) from error
    return dict(found)


def _check_ranges(ranges: list[tuple[int, int, int]]) -> None:
    """Affected ranges are in order and apart, and none is empty."""
    last_partition, last_end = 0, 0
    for partition, start, end in ranges:
        floor = last_end if partition == last_partition else 0
        if partition < last_partition or not floor <= start < end:
            raise ValueError(
                f"affected range {[partition, start, end]} is empty, negative or out of order"
            )
        last_partition, last_end = partition, end
