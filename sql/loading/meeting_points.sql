ASSERT (
    SELECT COUNT(*) FROM loading_rows
    WHERE load_id = @load_id
) = @sent AS "rows of this load are gone from loading_rows: load the file again";

MERGE INTO meeting_points AS known
USING (
    SELECT
        meeting_point_id,
        mp_latitude,
        mp_longitude,
        department_code,
        department_method,
        department_distance_m
    FROM loading_rows
    WHERE load_id = @load_id
) AS loaded
    ON known.meeting_point_id = loaded.meeting_point_id
WHEN
MATCHED
AND (
    known.mp_latitude IS DISTINCT FROM loaded.mp_latitude
    OR known.mp_longitude IS DISTINCT FROM loaded.mp_longitude
    OR known.department_code IS DISTINCT FROM loaded.department_code
    OR known.department_method IS DISTINCT FROM loaded.department_method
    OR known.department_distance_m IS DISTINCT FROM loaded.department_distance_m
)
THEN
    UPDATE SET
        mp_latitude = loaded.mp_latitude,
        mp_longitude = loaded.mp_longitude,
        department_code = loaded.department_code,
        department_method = loaded.department_method,
        department_distance_m = loaded.department_distance_m
WHEN NOT MATCHED THEN
    INSERT (
        meeting_point_id,
        mp_latitude,
        mp_longitude,
        department_code,
        department_method,
        department_distance_m
    )
    VALUES (
        loaded.meeting_point_id,
        loaded.mp_latitude,
        loaded.mp_longitude,
        loaded.department_code,
        loaded.department_method,
        loaded.department_distance_m
    );

SELECT @@row_count AS changed;
