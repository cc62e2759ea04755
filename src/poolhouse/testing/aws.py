"""Real boto3 clients for a server under test. What is costly about boto3 is done once per process."""

from __future__ import annotations

import os
import threading
from functools import cache
from typing import Any

from poolhouse.testing.settings import ACCESS_KEY_ID, SECRET_ACCESS_KEY

# boto3's sessions are not thread-safe; its clients are.
_making = threading.Lock()


class AwsClients:
    """The clients for one server, each made when it is first asked for."""

    def __init__(self, base_url: str, region: str) -> None:
        self._base_url = base_url
        self._region = region
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        with _making:
            if service not in self._clients:
                self._clients[service] = self._make(service)
            return self._clients[service]

    def close(self) -> None:
        """No connection is open any more."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def _make(self, service: str) -> Any:
        from botocore.config import Config

        config = Config(
            # A test wants to see the first answer; and nothing stands between it and its server.
            retries={"total_max_attempts": 1},
            proxies={},
            max_pool_connections=50,
            connect_timeout=5,
            read_timeout=30,
        )
        return _session().client(service, region_name=self._region, endpoint_url=self._base_url, config=config)


@cache
def _session() -> Any:
    """A session that knows nothing of the machine: neither its credentials nor its configuration. It keeps the service
    models, whose loading takes most of the time."""
    import boto3
    import botocore.session

    core = botocore.session.Session(session_vars={"profile": (None, [], None, None)})
    core.set_config_variable("config_file", os.devnull)
    core.set_config_variable("credentials_file", os.devnull)
    return boto3.Session(
        botocore_session=core, aws_access_key_id=ACCESS_KEY_ID, aws_secret_access_key=SECRET_ACCESS_KEY
    )
