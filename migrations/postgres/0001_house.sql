-- Accounts, keys, files and the audit chain.
-- What stands here in clear is named in docs/ARCHITECTURE.md; every other value is a sealed BYTES column.

CREATE TABLE installation (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    secret_check BYTEA NOT NULL,
    recovery_id UUID NOT NULL,
    recovery_recipient TEXT NOT NULL,
    recovery_mac BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE schools (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL CONSTRAINT schools_name_unique UNIQUE,
    created_at BIGINT NOT NULL
);

CREATE TABLE classes (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    cohort BIGINT NOT NULL,
    number BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    closed BOOLEAN NOT NULL,
    CONSTRAINT classes_number_unique UNIQUE (school_id, cohort, number)
);

CREATE TABLE terms (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    name TEXT NOT NULL,
    starts TEXT NOT NULL,
    ends TEXT NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT terms_name_unique UNIQUE (school_id, name)
);

-- Staff. The key columns are empty until the invitation is accepted.
CREATE TABLE persons (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    login TEXT NOT NULL CONSTRAINT persons_login_unique UNIQUE,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    salt BYTEA,
    kdf TEXT,
    auth BYTEA,
    identity BYTEA,
    recipient TEXT,
    recipient_mac BYTEA,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX persons_by_school ON persons (school_id, name);

CREATE TABLE duties (
    id UUID PRIMARY KEY,
    person_id UUID NOT NULL REFERENCES persons (id),
    school_id UUID NOT NULL REFERENCES schools (id),
    role TEXT NOT NULL,
    class_id UUID REFERENCES classes (id),
    since BIGINT NOT NULL,
    until BIGINT
);
CREATE INDEX duties_by_person ON duties (person_id);

CREATE TABLE invitations (
    id UUID PRIMARY KEY,
    person_id UUID NOT NULL REFERENCES persons (id),
    code_hash BYTEA NOT NULL CONSTRAINT invitations_code_unique UNIQUE,
    offices BYTEA,
    made_by UUID NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE sessions (
    token_hash BYTEA PRIMARY KEY,
    person_id UUID NOT NULL REFERENCES persons (id),
    ring BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_person ON sessions (person_id);

-- Slow-down of sign-in, per name and per address; the key is a keyed hash of either.
CREATE TABLE throttles (
    key BYTEA PRIMARY KEY,
    failures BIGINT NOT NULL,
    until BIGINT NOT NULL
);

CREATE TABLE offices (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    kind TEXT NOT NULL,
    class_id UUID REFERENCES classes (id),
    rotation_due BOOLEAN NOT NULL,
    epoch BIGINT NOT NULL,
    recipient TEXT NOT NULL,
    recipient_mac BYTEA NOT NULL
);
CREATE INDEX offices_by_school ON offices (school_id, kind, class_id);

CREATE TABLE members (
    office_id UUID NOT NULL REFERENCES offices (id),
    person_id UUID NOT NULL REFERENCES persons (id),
    since BIGINT NOT NULL,
    admitted_by UUID NOT NULL,
    PRIMARY KEY (office_id, person_id)
);
CREATE INDEX members_by_person ON members (person_id);

-- A compartment key of a class (roster) or of a student; `owner` is nil but for counselling, which is keyed per counsellor.
CREATE TABLE keys (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    subject UUID NOT NULL,
    compartment TEXT NOT NULL,
    owner UUID NOT NULL,
    epoch BIGINT NOT NULL,
    rotation_due BOOLEAN NOT NULL DEFAULT FALSE,
    CONSTRAINT keys_subject_unique UNIQUE (subject, compartment, owner)
);

CREATE INDEX keys_by_school ON keys (school_id, compartment);

-- One wrap, one row: form 0 is an age file, form 1 the symmetric wrap that a holder adds for speed.
-- `mark` proves that this installation made an age file: anybody can make one for a public key.
CREATE TABLE wraps (
    key_id UUID NOT NULL,
    holder UUID NOT NULL,
    epoch BIGINT NOT NULL,
    form BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    mark BYTEA NOT NULL,
    PRIMARY KEY (key_id, holder, epoch, form)
);


CREATE TABLE students (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    class_id UUID NOT NULL REFERENCES classes (id),
    status TEXT NOT NULL,
    identity_mac BYTEA NOT NULL,
    number_mac BYTEA NOT NULL,
    person_mac BYTEA NOT NULL,
    row_mac BYTEA NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX students_by_class ON students (class_id);
CREATE INDEX students_by_school ON students (school_id, status);

-- The roster of a class: one sealed sheet, and further parts that imports laid on it.
CREATE TABLE sheets (
    class_id UUID NOT NULL REFERENCES classes (id),
    part BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    version BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (class_id, part)
);

-- The fields of one compartment of one file, sealed together so that not even their presence shows.
-- `layer` tells what came with the roster from what people wrote.
CREATE TABLE records (
    student_id UUID NOT NULL REFERENCES students (id),
    compartment TEXT NOT NULL,
    layer TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    version BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (student_id, compartment, layer)
);

-- Tracking entries and counselling notes: append-only; a correction points to what it corrects.
CREATE TABLE entries (
    student_id UUID NOT NULL REFERENCES students (id),
    id UUID NOT NULL,
    compartment TEXT NOT NULL,
    owner UUID NOT NULL,
    author UUID NOT NULL,
    corrects UUID,
    written_at BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (student_id, compartment, id)
);

CREATE TABLE drafts (
    person_id UUID NOT NULL REFERENCES persons (id),
    form BYTEA NOT NULL,
    id UUID NOT NULL,
    sealed BYTEA NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (person_id, form)
);

CREATE TABLE pairings (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    student_id UUID NOT NULL REFERENCES students (id),
    helper_id UUID NOT NULL REFERENCES persons (id),
    starts TEXT NOT NULL,
    ends TEXT NOT NULL,
    ended BOOLEAN NOT NULL,
    epoch BIGINT NOT NULL,
    version BIGINT NOT NULL,
    card BYTEA NOT NULL
);
CREATE INDEX pairings_by_helper ON pairings (helper_id);
CREATE INDEX pairings_by_student ON pairings (student_id);
CREATE UNIQUE INDEX pairings_one_at_a_time ON pairings (helper_id, student_id) WHERE NOT ended;

-- A sent roster, sealed to its sender. `run` and `seen_at` tell a running import from one whose process died.
CREATE TABLE imports (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    person_id UUID NOT NULL REFERENCES persons (id),
    state TEXT NOT NULL,
    done BIGINT NOT NULL,
    total BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    result TEXT NOT NULL,
    run UUID NOT NULL,
    seen_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- What the gate counts: one row per open file under a random id that stands sealed in the file and nowhere else.
CREATE TABLE facts (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    cohort BIGINT NOT NULL,
    sex TEXT NOT NULL,
    tags BIGINT NOT NULL
);
CREATE INDEX facts_by_school ON facts (school_id);

-- What leadership was shown on a day: figures that passed the gate, frozen so that two looks tell no difference.
CREATE TABLE releases (
    school_id UUID NOT NULL REFERENCES schools (id),
    day TEXT NOT NULL,
    published TEXT NOT NULL,
    PRIMARY KEY (school_id, day)
);

CREATE TABLE audit_heads (
    school_id UUID PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash BYTEA NOT NULL
);

CREATE TABLE audit_lines (
    school_id UUID NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor UUID NOT NULL,
    role TEXT NOT NULL,
    relation TEXT NOT NULL,
    kind TEXT NOT NULL,
    event TEXT NOT NULL,
    outcome TEXT NOT NULL,
    object UUID NOT NULL,
    detail TEXT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (school_id, seq)
);
CREATE INDEX audit_lines_by_object ON audit_lines (school_id, object, seq);
CREATE INDEX audit_lines_by_actor ON audit_lines (school_id, actor, seq);
CREATE INDEX audit_lines_by_event ON audit_lines (school_id, event, seq);
