#!/bin/bash
exec java -Dlog4j2.level=INFO ${KAFKA_HEAP_OPTS:--Xmx1G} -cp '/opt/kafka/libs/*' kafka.Kafka "$@"
