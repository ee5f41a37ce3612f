-- Filled in when the extension is offered: @folder@, which the uploader watches, and the server's @region@.
CREATE SCHEMA aws_s3;

-- A file of the uploader's, or NULL. Its caller need not be allowed to read the server's files.
CREATE FUNCTION aws_s3._file(name text) RETURNS text
LANGUAGE sql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$ SELECT pg_read_file('@folder@/' || name, 0, 1000000, true) $$;

-- A shell program that tells the uploader something and waits for its answer; base64 needs no quoting.
CREATE FUNCTION aws_s3._program(request json, pipe text) RETURNS text
LANGUAGE sql STRICT SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format(
        'cd ''@folder@'' && mkfifo %1$s.data %1$s.done && echo %2$s > requests && cat > %1$s.data && read done < %1$s.done',
        pipe, translate(encode(convert_to(request::text, 'UTF8'), 'base64'), E'\n', '')
    )
$$;

-- The query runs with its caller's rights and in its caller's snapshot: the function isn't SECURITY DEFINER.
CREATE FUNCTION aws_s3.query_export_to_s3(
    query text, s3_info aws_commons._s3_uri_1, options text DEFAULT NULL, kms_key text DEFAULT NULL,
    OUT rows_uploaded bigint, OUT files_uploaded bigint, OUT bytes_uploaded bigint
)
LANGUAGE plpgsql AS $$
DECLARE
    id text := pg_catalog.gen_random_uuid()::text;
    answer json;
BEGIN
    IF query IS NULL OR s3_info.bucket IS NULL OR s3_info.file_path IS NULL THEN
        RAISE EXCEPTION 'query, bucket and file_path must not be null' USING ERRCODE = '22004';
    END IF;
    IF s3_info.region <> '@region@' THEN
        RAISE EXCEPTION 'the bucket must be in the region of the database, @region@, not in %', s3_info.region
            USING ERRCODE = '22023';
    END IF;
    IF aws_s3._file('role.json') IS NULL THEN
        RAISE EXCEPTION 'credentials stored with the database instance can''t be accessed' USING
            ERRCODE = 'XX000',
            HINT = 'Has the IAM role Amazon Resource Name (ARN) been associated with the feature-name "s3Export"?';
    END IF;
    EXECUTE pg_catalog.format(
        'COPY (%s) TO PROGRAM %L%s',
        query,
        aws_s3._program(
            pg_catalog.json_build_object(
                'id', id, 'bucket', s3_info.bucket, 'key', s3_info.file_path,
                'options', options, 'kms_key', kms_key
            ),
            id
        ),
        ' WITH (' || NULLIF(options, '') || ')'
    );
    GET DIAGNOSTICS rows_uploaded = ROW_COUNT;
    -- Only now is the object made: a query that failed or was cancelled ends its data just the same.
    EXECUTE pg_catalog.format(
        'COPY (SELECT WHERE false) TO PROGRAM %L',
        aws_s3._program(pg_catalog.json_build_object('id', id, 'finished', true), id || '.end')
    );
    answer := aws_s3._file(id || '.json')::json;
    IF answer->>'error' IS NOT NULL THEN
        RAISE EXCEPTION '%', answer->>'error' USING
            ERRCODE = 'XX000',
            DETAIL = COALESCE(answer->>'detail', ''),
            HINT = COALESCE(answer->>'hint', '');
    END IF;
    files_uploaded := answer->>'files';
    bytes_uploaded := answer->>'bytes';
END
$$;

CREATE FUNCTION aws_s3.query_export_to_s3(
    query text, bucket text, file_path text, region text DEFAULT NULL,
    options text DEFAULT NULL, kms_key text DEFAULT NULL,
    OUT rows_uploaded bigint, OUT files_uploaded bigint, OUT bytes_uploaded bigint
)
LANGUAGE sql AS $$
    SELECT * FROM aws_s3.query_export_to_s3(
        query, aws_commons.create_s3_uri(bucket, file_path, region), options, kms_key
    )
$$;
