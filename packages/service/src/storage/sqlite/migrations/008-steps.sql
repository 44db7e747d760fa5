-- Long lists are walked in steps: this covers the text filter, so that a step reads no row, which is a page of metadata.
CREATE INDEX identities_text ON identities (account, created_at, id, folded);
DROP INDEX identities_page;

-- How many there are, without counting them. Kept by triggers, so that it is right whatever changes them.
ALTER TABLE accounts ADD COLUMN identities INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN faces INTEGER NOT NULL DEFAULT 0;
UPDATE accounts SET
  identities = (SELECT count(*) FROM identities WHERE account = accounts.row),
  faces = (SELECT count(*) FROM faces WHERE account = accounts.row);

CREATE TRIGGER identities_more AFTER INSERT ON identities BEGIN
  UPDATE accounts SET identities = identities + 1 WHERE row = new.account;
END;
CREATE TRIGGER identities_fewer AFTER DELETE ON identities BEGIN
  UPDATE accounts SET identities = identities - 1 WHERE row = old.account;
END;
CREATE TRIGGER faces_more AFTER INSERT ON faces BEGIN
  UPDATE accounts SET faces = faces + 1 WHERE row = new.account;
END;
CREATE TRIGGER faces_fewer AFTER DELETE ON faces BEGIN
  UPDATE accounts SET faces = faces - 1 WHERE row = old.account;
END;
