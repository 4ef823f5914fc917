SELECT
    range_from,
    range_to
FROM slot_events
WHERE
    source_partition = @partition
    AND topic_id = @topic_id
UNION DISTINCT
SELECT
    range_from,
    range_to
FROM archive_refused
WHERE
    topic = 'slot-created'
    AND log_partition = @partition
    AND topic_id = @topic_id
