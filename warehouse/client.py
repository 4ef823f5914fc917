"""A client of BigQuery, as every module here wants it."""

import time
from typing import Any, Final

from google.api_core.client_options import ClientOptions
from google.api_core.retry import Retry
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_JOB_RETRY, DEFAULT_RETRY
from google.cloud.bigquery.table import RowIterator
from requests.exceptions import RequestException

from warehouse.errors import JobTooLong, in_our_words
from warehouse.settings import EMULATOR_PROJECT, WarehouseSettings

RETRY: Retry = DEFAULT_RETRY.with_timeout(60.0)
"""For each call: Google's default goes on for ten minutes without a word."""

JOB_RETRY: Retry = DEFAULT_JOB_RETRY.with_timeout(60.0)
"""For a query as a whole: Google's default takes up calls that have given up for forty minutes."""

CALL_SECONDS: Final = 60.0
"""How long one call waits for an answer. Google's default is for ever: a ``Retry`` looks at its
clock between calls only, so a server that takes a call and never answers would hang us."""


LOOK_SECONDS: Final = 1.0
"""How often a load job is looked at."""


class Client(bigquery.Client):
    """Google's client, every call of which ends: after ``CALL_SECONDS``, or sooner if asked to.

    ``job_seconds``: how long a query may take.
    """

    job_seconds = 3600.0

    def _call_api(self, *args: Any, **kwargs: Any) -> Any:
        # Google's client takes the time that a query may take for each of its calls, too.
        given = kwargs.get("timeout")
        kwargs["timeout"] = CALL_SECONDS if given is None else min(given, CALL_SECONDS)
        return super()._call_api(*args, **kwargs)

    def query_and_wait(self, *args: Any, **kwargs: Any) -> RowIterator:
        """As Google's, which asks BigQuery to cancel what has taken too long.

        Raises:
            JobTooLong: it has taken more than ``job_seconds``.
        """
        try:
            return super().query_and_wait(*args, wait_timeout=self.job_seconds, **kwargs)
        except TimeoutError as error:
            if isinstance(error.__cause__, RequestException):
                raise  # one call got no answer
            raise JobTooLong(self.job_seconds) from error

    def load_table_from_file(self, *args: Any, **kwargs: Any) -> bigquery.LoadJob:
        """As Google's; its upload goes past ``_call_api``."""
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = CALL_SECONDS
        return super().load_table_from_file(*args, **kwargs)


def new_client(settings: WarehouseSettings) -> bigquery.Client:
    """A client whose queries find tables in the dataset of the settings.

    With an endpoint no credentials are asked for and none are sent.

    Raises:
        WarehouseUnreachableError: there are no credentials.
    """
    with in_our_words("the warehouse"):
        if settings.endpoint is None:
            client = Client(project=settings.project, location=settings.location)
        else:
            client = Client(
                project=settings.project or EMULATOR_PROJECT,
                location=settings.location,
                credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
                client_options=ClientOptions(api_endpoint=settings.endpoint),
            )
        client.job_seconds = settings.job_seconds
        client.default_query_job_config = bigquery.QueryJobConfig(
            default_dataset=dataset_of(client, settings)
        )
        return client


def until_done(job: bigquery.LoadJob, seconds: float) -> None:
    """Wait for a load job.

    Raises:
        JobTooLong: it has not ended after ``seconds``.
        GoogleAPIError: it failed.
    """
    deadline = time.monotonic() + seconds
    while not job.done(retry=RETRY):
        if time.monotonic() >= deadline:
            raise JobTooLong(seconds)
        time.sleep(LOOK_SECONDS)
    job.result(retry=RETRY)


def dataset_of(client: bigquery.Client, settings: WarehouseSettings) -> bigquery.DatasetReference:
    """The dataset of the settings, in the client's project."""
    return bigquery.DatasetReference(client.project, settings.dataset)
