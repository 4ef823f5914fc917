"""A client of BigQuery, as every module here wants it."""

from typing import Any, Final

from google.api_core.client_options import ClientOptions
from google.api_core.retry import Retry
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_JOB_RETRY, DEFAULT_RETRY

from warehouse.errors import in_our_words
from warehouse.settings import EMULATOR_PROJECT, WarehouseSettings

RETRY: Retry = DEFAULT_RETRY.with_timeout(60.0)
"""For each call: Google's default goes on for ten minutes without a word."""

JOB_RETRY: Retry = DEFAULT_JOB_RETRY.with_timeout(60.0)
"""For a query as a whole: Google's default takes up calls that have given up for forty minutes."""

CALL_SECONDS: Final = 60.0
"""How long one call waits for an answer. Google's default is for ever: a ``Retry`` looks at its
clock between calls only, so a server that takes a call and never answers would hang us."""


class Client(bigquery.Client):
    """Google's client, every call of which ends: where no timeout is given, ``CALL_SECONDS``."""

    def _call_api(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = CALL_SECONDS
        return super()._call_api(*args, **kwargs)

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
        client.default_query_job_config = bigquery.QueryJobConfig(
            default_dataset=dataset_of(client, settings)
        )
        return client


def dataset_of(client: bigquery.Client, settings: WarehouseSettings) -> bigquery.DatasetReference:
    """The dataset of the settings, in the client's project."""
    return bigquery.DatasetReference(client.project, settings.dataset)
