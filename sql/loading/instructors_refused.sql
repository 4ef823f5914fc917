SELECT
    line,
    CONCAT("instructor_id '", instructor_id, "' comes more than once") AS reason
FROM loading_rows
WHERE load_id = @load_id
QUALIFY COUNT(*) OVER (PARTITION BY instructor_id) > 1
ORDER BY line
LIMIT @most
