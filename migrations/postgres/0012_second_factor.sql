-- The second factor of a sign-in: a key that an app on a telephone shares, rescue codes on paper, and sign-ins that wait for a code.

-- Whether the administrator wants it of those with a confidential office or an administrative role.
ALTER TABLE schools ADD COLUMN two_steps BOOLEAN NOT NULL DEFAULT FALSE;

-- `sealed` opens with the server secret. `step` is the half minute of the last code that was taken: no code counts twice.
CREATE TABLE second_factors (
    person_id UUID PRIMARY KEY REFERENCES persons (id),
    sealed BYTEA NOT NULL,
    step BIGINT NOT NULL,
    since BIGINT NOT NULL
);

-- A keyed hash of each code that was not used yet.
CREATE TABLE rescue_codes (
    person_id UUID NOT NULL REFERENCES second_factors (person_id),
    code_mac BYTEA NOT NULL,
    PRIMARY KEY (person_id, code_mac)
);

-- The password was right, the code is still to come. Not a session: nothing that looks for sessions looks here.
CREATE TABLE half_sessions (
    token_hash BYTEA PRIMARY KEY,
    person_id UUID NOT NULL REFERENCES persons (id),
    ring BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX half_sessions_by_person ON half_sessions (person_id);

-- A browser in which the code was given today: after an idle lock the password is enough.
CREATE TABLE known_browsers (
    token_hash BYTEA PRIMARY KEY,
    person_id UUID NOT NULL REFERENCES persons (id),
    expires_at BIGINT NOT NULL
);
CREATE INDEX known_browsers_by_person ON known_browsers (person_id);
