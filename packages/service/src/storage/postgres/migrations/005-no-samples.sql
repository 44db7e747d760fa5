-- needs: 1
-- ANALYZE keeps samples of what it reads in pg_statistic, where no erasure reaches and where whoever owns a table reads them:
-- of embeddings, keys and hashes it keeps none from now on. That a column's type is set, to what it is, drops the samples
-- there are.

-- In the order in which nodes take them.
LOCK TABLE accounts, vectors, crop_keys, secrets IN ACCESS EXCLUSIVE MODE;

-- Setting a type makes the indexes of large accounts anew, half an hour for a million faces in which nobody could search:
-- they go, and a node makes them again while everything goes on. Those have no samples (matching/approximate/upkeep.ts).
DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 'vectors'::regclass AND indexprs IS NOT NULL LOOP
    EXECUTE format('DROP INDEX %s', name);
  END LOOP;
END $$;
UPDATE search_indexes SET state = 'building' WHERE state IN ('measuring', 'serving');

ALTER TABLE vectors ALTER COLUMN embedding SET STATISTICS 0;
ALTER TABLE vectors ALTER COLUMN embedding TYPE vector(128);
ALTER TABLE crop_keys ALTER COLUMN key SET STATISTICS 0;
ALTER TABLE crop_keys ALTER COLUMN key TYPE bytea;
ALTER TABLE secrets ALTER COLUMN bytes SET STATISTICS 0;
ALTER TABLE secrets ALTER COLUMN bytes TYPE bytea;
ALTER TABLE accounts ALTER COLUMN secret_hash SET STATISTICS 0;
ALTER TABLE accounts ALTER COLUMN secret_hash TYPE text;
