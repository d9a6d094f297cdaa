-- Five-ones crisis record 五个一, grants on one file, referral 转介, mandatory report 强制报告.

-- A named, dated grant on one file: today the leader of a crisis case. `sealed` is a card with what the person may know of
-- the roster row, and the reason.
CREATE TABLE grants (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    student_id UUID NOT NULL REFERENCES students (id),
    person_id UUID NOT NULL REFERENCES persons (id),
    warning_id UUID NOT NULL REFERENCES warnings (id),
    kind TEXT NOT NULL,
    given_by UUID NOT NULL,
    given_at BIGINT NOT NULL,
    until TEXT,
    ended_at BIGINT,
    epoch BIGINT NOT NULL,
    sealed BYTEA NOT NULL
);
CREATE INDEX grants_by_student ON grants (student_id);
CREATE INDEX grants_by_person ON grants (person_id) WHERE ended_at IS NULL;
CREATE INDEX grants_by_school ON grants (school_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX grants_one_at_a_time ON grants (warning_id, kind) WHERE ended_at IS NULL;

-- One crisis record of a warning: team, plan, company and signatures, sealed together.
CREATE TABLE crises (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    student_id UUID NOT NULL REFERENCES students (id),
    warning_id UUID NOT NULL REFERENCES warnings (id),
    opened_at BIGINT NOT NULL,
    closed_at BIGINT,
    epoch BIGINT NOT NULL,
    version BIGINT NOT NULL,
    sealed BYTEA NOT NULL
);
CREATE INDEX crises_by_student ON crises (student_id);
CREATE INDEX crises_by_warning ON crises (warning_id, opened_at);
CREATE UNIQUE INDEX crises_one_at_a_time ON crises (warning_id) WHERE closed_at IS NULL;

-- A referral: how far it came in clear; to whom, why and with what sealed.
CREATE TABLE referrals (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    student_id UUID NOT NULL REFERENCES students (id),
    warning_id UUID NOT NULL REFERENCES warnings (id),
    stage TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    moved_at BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    version BIGINT NOT NULL,
    sealed BYTEA NOT NULL
);
CREATE INDEX referrals_by_warning ON referrals (warning_id, made_at);
CREATE INDEX referrals_by_student ON referrals (student_id);

-- Who receives mandatory reports, by name; no office does.
CREATE TABLE named (
    school_id UUID NOT NULL REFERENCES schools (id),
    person_id UUID NOT NULL REFERENCES persons (id),
    named_by UUID NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (school_id, person_id)
);

-- A mandatory report, sealed under a key of its own for the persons named. Neither the student nor the writer stands here.
CREATE TABLE mandatory (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    made_at BIGINT NOT NULL,
    police_due BIGINT NOT NULL,
    bureau_due BIGINT NOT NULL,
    police_at BIGINT,
    bureau_at BIGINT,
    closed_at BIGINT,
    next_at BIGINT,
    rung BIGINT NOT NULL,
    receipt BYTEA NOT NULL,
    epoch BIGINT NOT NULL,
    version BIGINT NOT NULL,
    sealed BYTEA NOT NULL
);
CREATE INDEX mandatory_by_school ON mandatory (school_id, made_at);
CREATE INDEX mandatory_by_next ON mandatory (next_at) WHERE closed_at IS NULL;
CREATE UNIQUE INDEX mandatory_by_receipt ON mandatory (receipt);
