DELETE FROM loading_rows
WHERE load_id = @load_id
