SELECT
    range_from,
    range_to
FROM dead_letters
WHERE
    log_partition = @partition
    AND topic_id = @topic_id
UNION DISTINCT
SELECT
    range_from,
    range_to
FROM archive_refused
WHERE
    topic = 'slot-created.dead'
    AND log_partition = @partition
    AND topic_id = @topic_id
