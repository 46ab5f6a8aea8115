-- What several enclaves share. Plain SQL: engines that speak PostgreSQL's protocol and spread rows over machines run it
-- too. Every key is a keyed hash or random, so rows spread evenly. Each statement can be run twice.

CREATE TABLE IF NOT EXISTS sealed_rows (
    kind       text   NOT NULL,
    key        bytea  NOT NULL,
    generation bigint NOT NULL,
    version    bigint NOT NULL,
    sealed     bytea  NOT NULL,
    PRIMARY KEY (kind, key)
);
COMMENT ON TABLE sealed_rows IS 'What the service keeps, sealed by the enclaves: nobody else can read or make a row. A row that is changed, moved or put back from a copy is noticed when it is read.';
COMMENT ON COLUMN sealed_rows.kind IS 'meta, session, lease, account, part, record or anchor: so how many there are of each is known to you. Of kind join is what enclaves say to each other before one of them is given the keys: evidence, as anyone may ask for it, and keys that are sealed to one enclave.';
COMMENT ON COLUMN sealed_rows.key IS 'A keyed hash. It tells that two rows are about the same thing, and not what.';
COMMENT ON COLUMN sealed_rows.generation IS 'Of the key that sealed the row; grows when keys change.';
COMMENT ON COLUMN sealed_rows.version IS 'How often the row was written.';
COMMENT ON COLUMN sealed_rows.sealed IS 'Nonce and ciphertext. Its length tells roughly how much is in it.';

CREATE TABLE IF NOT EXISTS holders (
    holder     bytea       NOT NULL PRIMARY KEY,
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE holders IS 'Enclaves that poll accounts. Lost: every account is claimed anew, within seconds.';
COMMENT ON COLUMN holders.holder IS 'Random, of one run of one enclave.';
COMMENT ON COLUMN holders.expires_at IS 'By the clock of the database: until then it counts as alive.';

CREATE TABLE IF NOT EXISTS claims (
    account bytea  NOT NULL PRIMARY KEY,
    holder  bytea  NOT NULL,
    token   bigint NOT NULL,
    until_s bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS claims_by_holder ON claims (holder, account);
COMMENT ON TABLE claims IS 'Which enclave polls which account. Altered: an account is polled twice or not at all, and is written by one in any case.';
COMMENT ON COLUMN claims.account IS 'A keyed hash of the account.';
COMMENT ON COLUMN claims.holder IS 'Who polls it; empty: nobody.';
COMMENT ON COLUMN claims.token IS 'Grows each time the account changes hands; a write with an older one is refused.';
COMMENT ON COLUMN claims.until_s IS 'It is polled until this instant, Unix seconds: it tells when its key is wiped.';

CREATE TABLE IF NOT EXISTS envelopes (
    id        bytea  NOT NULL PRIMARY KEY,
    expires_s bigint NOT NULL
);
COMMENT ON TABLE envelopes IS 'Sealed calls that were made in the last minutes: each opens once. Emptied: one could be made again until it expires.';
COMMENT ON COLUMN envelopes.id IS 'Random, chosen by the caller.';
COMMENT ON COLUMN envelopes.expires_s IS 'Unix seconds; after that the row is deleted.';
