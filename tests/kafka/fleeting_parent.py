"""Starts a broker in the folder given, prints its process id, and waits to be killed."""

import sys
import time
from pathlib import Path

from producer_contract.testing.embedded import EmbeddedKafka

cluster = EmbeddedKafka(Path(sys.argv[1])).start()
print(cluster.brokers[0].pid, flush=True)
time.sleep(600)
