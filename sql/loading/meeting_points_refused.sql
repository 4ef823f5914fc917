SELECT
    line,
    CONCAT("meeting_point_id '", meeting_point_id, "' comes more than once") AS reason
FROM loading_rows
WHERE load_id = @load_id
QUALIFY COUNT(*) OVER (PARTITION BY meeting_point_id) > 1
ORDER BY line
LIMIT @most
