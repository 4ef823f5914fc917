ASSERT (
    SELECT COUNT(*) FROM loading_rows
    WHERE load_id = @load_id
) = @sent AS "rows of this load are gone from loading_rows: load the file again";

MERGE INTO instructors AS known
USING (
    SELECT
        instructor_id,
        partnership_type
    FROM loading_rows
    WHERE load_id = @load_id
) AS loaded
    ON known.instructor_id = loaded.instructor_id
WHEN MATCHED AND known.partnership_type != loaded.partnership_type THEN
    UPDATE SET partnership_type = loaded.partnership_type
WHEN NOT MATCHED THEN
    INSERT (instructor_id, partnership_type)
    VALUES (loaded.instructor_id, loaded.partnership_type);

SELECT @@row_count AS changed;
