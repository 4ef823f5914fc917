#!/bin/bash
exec java -Xmx128M -cp '/opt/kafka/libs/*' kafka.tools.StorageTool "$@"
