SELECT
    'slot_events' AS table_name,
    COUNT(*) AS number_of_rows,
    COUNT(DISTINCT FORMAT('%d:%d', source_partition, source_offset)) AS number_of_places
FROM slot_events
UNION ALL
SELECT
    'slot_probabilities' AS table_name,
    COUNT(*) AS number_of_rows,
    COUNT(DISTINCT FORMAT('%d:%d', log_partition, log_offset)) AS number_of_places
FROM slot_probabilities
UNION ALL
SELECT
    'dead_letters' AS table_name,
    COUNT(*) AS number_of_rows,
    COUNT(DISTINCT FORMAT('%d:%d', log_partition, log_offset)) AS number_of_places
FROM dead_letters
