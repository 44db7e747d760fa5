-- needs: 1
-- ANALYZE keeps samples of what it reads in pg_statistic, where no erasure reaches and where whoever owns a table reads them:
-- of embeddings, keys and hashes it keeps none from now on. That a column's type is set, to what it is, drops the samples
-- there are; it also makes the indexes of large accounts anew, which takes minutes for a million faces.
ALTER TABLE vectors ALTER COLUMN embedding SET STATISTICS 0;
ALTER TABLE vectors ALTER COLUMN embedding TYPE vector(128);
ALTER TABLE crop_keys ALTER COLUMN key SET STATISTICS 0;
ALTER TABLE crop_keys ALTER COLUMN key TYPE bytea;
ALTER TABLE secrets ALTER COLUMN bytes SET STATISTICS 0;
ALTER TABLE secrets ALTER COLUMN bytes TYPE bytea;
ALTER TABLE accounts ALTER COLUMN secret_hash SET STATISTICS 0;
ALTER TABLE accounts ALTER COLUMN secret_hash TYPE text;

-- An index over an expression has samples of its own. For those made later matching/approximate/upkeep.ts does the same.
DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 'vectors'::regclass AND indexprs IS NOT NULL LOOP
    EXECUTE format('ALTER INDEX %s ALTER COLUMN 1 SET STATISTICS 0', name);
  END LOOP;
END $$;
