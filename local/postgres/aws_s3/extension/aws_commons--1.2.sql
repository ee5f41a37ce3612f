CREATE SCHEMA aws_commons;

CREATE TYPE aws_commons._s3_uri_1 AS (bucket text, file_path text, region text);

CREATE FUNCTION aws_commons.create_s3_uri(s3_bucket text, s3_key text, aws_region text)
RETURNS aws_commons._s3_uri_1 LANGUAGE sql IMMUTABLE
AS $$ SELECT s3_bucket, s3_key, aws_region $$;
