-- The second factor of a sign-in: a key that an app on a telephone shares, rescue codes on paper, and sign-ins that wait for a code.

-- Whether the administrator wants it of those with a confidential office or an administrative role.
ALTER TABLE schools ADD COLUMN two_steps INTEGER NOT NULL DEFAULT 0;

-- `sealed` opens with the server secret. `step` is the half minute of the last code that was taken: no code counts twice.
CREATE TABLE second_factors (
    person_id BLOB PRIMARY KEY REFERENCES persons (id),
    sealed BLOB NOT NULL,
    step INTEGER NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A keyed hash of each code that was not used yet.
CREATE TABLE rescue_codes (
    person_id BLOB NOT NULL REFERENCES second_factors (person_id),
    code_mac BLOB NOT NULL,
    PRIMARY KEY (person_id, code_mac)
) STRICT, WITHOUT ROWID;

-- The password was right, the code is still to come. Not a session: nothing that looks for sessions looks here.
CREATE TABLE half_sessions (
    token_hash BLOB PRIMARY KEY,
    person_id BLOB NOT NULL REFERENCES persons (id),
    ring BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX half_sessions_by_person ON half_sessions (person_id);

-- A browser in which the code was given today: after an idle lock the password is enough.
CREATE TABLE known_browsers (
    token_hash BLOB PRIMARY KEY,
    person_id BLOB NOT NULL REFERENCES persons (id),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX known_browsers_by_person ON known_browsers (person_id);
