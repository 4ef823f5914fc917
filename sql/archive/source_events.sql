SELECT
    source_offset,
    UNIX_MILLIS(published_at) AS timestamp_ms,
    key,
    value,
    headers
FROM slot_events
WHERE
    source_partition = @partition
    AND topic_id = @topic_id
    AND source_offset >= @from_offset
    AND source_offset < @to_offset
UNION ALL
SELECT
    log_offset AS source_offset,
    timestamp_ms,
    key,
    value,
    headers
FROM archive_refused
WHERE
    topic = 'slot-created'
    AND topic_id = @topic_id
    AND log_partition = @partition
    AND log_offset >= @from_offset
    AND log_offset < @to_offset
ORDER BY source_offset
