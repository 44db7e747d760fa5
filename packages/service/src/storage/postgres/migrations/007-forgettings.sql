-- needs: 1
-- Nodes of the version before forget a deleted identity within its deletion, and leave nothing here.

-- Deleted identities that results of searches may still name (jobs/mentions.ts); a row goes once none does.
CREATE TABLE forgettings (
  identity bigint PRIMARY KEY,
  id text COLLATE "C" NOT NULL
);
