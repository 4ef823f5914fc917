"""Where artifacts are kept: a folder or any fsspec URL (``s3://…``, ``gs://…``, ``memory://``).

A file is named by the SHA-256 of its bytes and never changes; it is there whole or not at all.
"""

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from model.errors import ArtifactChanged, ArtifactMissing, StoreUnreachable
from producer_contract.errors import BadUseError


class ModelStore:
    """A store at one URL. Nothing is opened before it is needed."""

    def __init__(self, url: str) -> None:
        self.url = url

    def put(self, content: bytes) -> tuple[str, str]:
        """Keep an artifact; its address and its digest. Done already: nothing happens.

        Raises:
            StoreUnreachable: the store refused.
        """
        digest = hashlib.sha256(content).hexdigest()
        filesystem, root = _connect(self.url)
        path = f"{root}/{digest}.zip"
        try:
            if not _has(filesystem, path, digest):
                _write(filesystem, path, content)
        except Exception as error:
            raise _refused(self.url, error) from error
        return str(filesystem.unstrip_protocol(path)), digest

    def open(self, uri: str, digest: str) -> bytes:
        """The bytes of the artifact with this digest: from this store, else from ``uri``.

        This store first, so that a store may move or be mounted elsewhere: the digest says
        what the bytes must be, wherever they come from.

        Raises:
            ArtifactMissing: neither has it.
            ArtifactChanged: the bytes are others.
            StoreUnreachable: it did not answer.
        """
        filesystem, root = _connect(self.url)
        content = _read(filesystem, f"{root}/{digest}.zip")
        where = f"{self.url}/{digest}.zip"
        if content is None:
            filesystem, path = _connect(uri)
            content, where = _read(filesystem, path), uri
        if content is None:
            raise ArtifactMissing(
                f"the model store {self.url} has no artifact {digest}, nor is there one at {uri}: "
                "set CRENEAU_STORE, or register it again"
            )
        found = hashlib.sha256(content).hexdigest()
        if found != digest:
            raise ArtifactChanged(
                f"the artifact at {where} was changed: its SHA-256 is {found}, "
                f"registered was {digest}; it is not used: register it again from its source"
            )
        return content


def _connect(url: str) -> tuple[Any, str]:
    try:
        filesystem, path = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise BadUseError(
            f"the model store '{url}' cannot be used: {error}; mend the setting 'store'"
        ) from error
    except Exception as error:
        raise _refused(url, error) from error
    return filesystem, str(path).rstrip("/")


def _read(filesystem: Any, path: str) -> bytes | None:
    try:
        return bytes(filesystem.cat_file(path))
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
    except Exception as error:
        raise _refused(path, error) from error


def _has(filesystem: Any, path: str, digest: str) -> bool:
    """Whether the whole artifact is there; a damaged one is not, and gets mended."""
    content = _read(filesystem, path)
    return content is not None and hashlib.sha256(content).hexdigest() == digest


def _write(filesystem: Any, path: str, content: bytes) -> None:
    if isinstance(filesystem, LocalFileSystem):
        _write_locally(Path(path), content)
    else:
        # Object stores show an object when it is whole; same name, same bytes.
        filesystem.makedirs(filesystem._parent(path), exist_ok=True)
        filesystem.pipe_file(path, content)


def _write_locally(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, unfinished = tempfile.mkstemp(dir=path.parent, prefix=".unfinished-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # Workers may run as other users; nobody writes to it again.
        Path(unfinished).chmod(0o444)
        Path(unfinished).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(unfinished).unlink()
        raise


def _refused(where: str, error: Exception) -> StoreUnreachable:
    why = " ".join(str(error).split()) or type(error).__name__
    return StoreUnreachable(
        f"the model store refused at {where}: {why}; check the setting 'store' and the rights"
    )
