-- Five-ones crisis record 五个一, grants on one file, referral 转介, mandatory report 强制报告.

-- A named, dated grant on one file: today the leader of a crisis case. `sealed` is a card with what the person may know of
-- the roster row, and the reason.
CREATE TABLE grants (
    id BLOB PRIMARY KEY,
    school_id BLOB NOT NULL REFERENCES schools (id),
    student_id BLOB NOT NULL REFERENCES students (id),
    person_id BLOB NOT NULL REFERENCES persons (id),
    warning_id BLOB NOT NULL REFERENCES warnings (id),
    kind TEXT NOT NULL,
    given_by BLOB NOT NULL,
    given_at INTEGER NOT NULL,
    until TEXT,
    ended_at INTEGER,
    epoch INTEGER NOT NULL,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_by_student ON grants (student_id);
CREATE INDEX grants_by_person ON grants (person_id) WHERE ended_at IS NULL;
CREATE INDEX grants_by_school ON grants (school_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX grants_one_at_a_time ON grants (warning_id, kind) WHERE ended_at IS NULL;

-- One crisis record of a warning: team, plan, company and signatures, sealed together.
CREATE TABLE crises (
    id BLOB PRIMARY KEY,
    school_id BLOB NOT NULL REFERENCES schools (id),
    student_id BLOB NOT NULL REFERENCES students (id),
    warning_id BLOB NOT NULL REFERENCES warnings (id),
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    epoch INTEGER NOT NULL,
    version INTEGER NOT NULL,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX crises_by_student ON crises (student_id);
CREATE INDEX crises_by_warning ON crises (warning_id, opened_at);
CREATE UNIQUE INDEX crises_one_at_a_time ON crises (warning_id) WHERE closed_at IS NULL;

-- A referral: how far it came in clear; to whom, why and with what sealed.
CREATE TABLE referrals (
    id BLOB PRIMARY KEY,
    school_id BLOB NOT NULL REFERENCES schools (id),
    student_id BLOB NOT NULL REFERENCES students (id),
    warning_id BLOB NOT NULL REFERENCES warnings (id),
    stage TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    moved_at INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    version INTEGER NOT NULL,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX referrals_by_warning ON referrals (warning_id, made_at);
CREATE INDEX referrals_by_student ON referrals (student_id);

-- Who receives mandatory reports, by name; no office does.
CREATE TABLE named (
    school_id BLOB NOT NULL REFERENCES schools (id),
    person_id BLOB NOT NULL REFERENCES persons (id),
    named_by BLOB NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (school_id, person_id)
) STRICT, WITHOUT ROWID;

-- A mandatory report, sealed under a key of its own for the persons named. Neither the student nor the writer stands here.
CREATE TABLE mandatory (
    id BLOB PRIMARY KEY,
    school_id BLOB NOT NULL REFERENCES schools (id),
    made_at INTEGER NOT NULL,
    police_due INTEGER NOT NULL,
    bureau_due INTEGER NOT NULL,
    police_at INTEGER,
    bureau_at INTEGER,
    closed_at INTEGER,
    next_at INTEGER,
    rung INTEGER NOT NULL,
    receipt BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    version INTEGER NOT NULL,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX mandatory_by_school ON mandatory (school_id, made_at);
CREATE INDEX mandatory_by_next ON mandatory (next_at) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX mandatory_by_receipt ON mandatory (receipt);
