-- Accounts, keys, files and the audit chain.
-- What stands here in clear is named in docs/ARCHITECTURE.md; every other value is a sealed BYTES column.

CREATE TABLE installation (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    secret_check BLOB NOT NULL,
    recovery_id BLOB NOT NULL,
    recovery_recipient TEXT NOT NULL,
    recovery_mac BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE schools (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL CONSTRAINT schools_name_unique UNIQUE,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE classes (
    id BLOB PRIMARY KEY,
    school_id BLOB NOT NULL REFERENCES schools (id),
    cohort INTEGER NOT NULL,
    number INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    closed INTEGER NOT NULL,
    CONSTRAINT classes_number_unique UNIQUE (school_id, cohort, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE terms (
    id BLOB PRIMARY KEY,
    school_id BLOB NOT NULL REFERENCES schools (id),
    name TEXT NOT NULL,
    starts TEXT NOT NULL,
    ends TEXT NOT NULL,
    version INTEGER NOT NULL,
    CONSTRAINT terms_name_unique UNIQUE (school_id, name)
) STRICT, WITHOUT ROWID;

-- Staff. The key columns are empty until the invitation is accepted.
CREATE TABLE persons (
    id BLOB PRIMARY KEY,
    school_id BLOB NOT NULL REFERENCES schools (id),
    login TEXT NOT NULL CONSTRAINT persons_login_unique UNIQUE,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    active INTEGER NOT NULL,
    salt BLOB,
    kdf TEXT,
    auth BLOB,
    identity BLOB,
    recipient TEXT,
    recipient_mac BLOB,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX persons_by_school ON persons (school_id, name);

CREATE TABLE duties (
    id BLOB PRIMARY KEY,
    person_id BLOB NOT NULL REFERENCES persons (id),
    school_id BLOB NOT NULL REFERENCES schools (id),
    role TEXT NOT NULL,
    class_id BLOB REFERENCES classes (id),
    since INTEGER NOT NULL,
    until INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX duties_by_person ON duties (person_id);

CREATE TABLE invitations (
    id BLOB PRIMARY KEY,
    person_id BLOB NOT NULL REFERENCES persons (id),
    code_hash BLOB NOT NULL CONSTRAINT invitations_code_unique UNIQUE,
    offices BLOB,
    made_by BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    token_hash BLOB PRIMARY KEY,
    person_id BLOB NOT NULL REFERENCES persons (id),
    ring BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_person ON sessions (person_id);

-- Slow-down of sign-in, per name and per address; the key is a keyed hash of either.
CREATE TABLE throttles (
    key BLOB PRIMARY KEY,
    failures INTEGER NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE offices (
    id BLOB PRIMARY KEY,
    school_id BLOB NOT NULL REFERENCES schools (id),
    kind TEXT NOT NULL,
    class_id BLOB REFERENCES classes (id),
    rotation_due INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    recipient_mac BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX offices_by_school ON offices (school_id, kind, class_id);

CREATE TABLE members (
    office_id BLOB NOT NULL REFERENCES offices (id),
    person_id BLOB NOT NULL REFERENCES persons (id),
    since INTEGER NOT NULL,
    admitted_by BLOB NOT NULL,
    PRIMARY KEY (office_id, person_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_person ON members (person_id);

-- A compartment key of a class (roster) or of a student; `owner` is nil but for counselling, which is keyed per counsellor.
CREATE TABLE keys (
    id BLOB PRIMARY KEY,
    school_id BLOB NOT NULL REFERENCES schools (id),
    subject BLOB NOT NULL,
    compartment TEXT NOT NULL,
    owner BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    rotation_due INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT keys_subject_unique UNIQUE (subject, compartment, owner)
) STRICT, WITHOUT ROWID;

CREATE INDEX keys_by_school ON keys (school_id, compartment);

-- One wrap, one row: form 0 is an age file, form 1 the symmetric wrap that a holder adds for speed.
-- `mark` proves that this installation made an age file: anybody can make one for a public key.
CREATE TABLE wraps (
    key_id BLOB NOT NULL,
    holder BLOB NOT NULL,
    epoch INTEGER NOT NULL,
    form INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    mark BLOB NOT NULL,
    PRIMARY KEY (key_id, holder, epoch, form)
) STRICT, WITHOUT ROWID;


CREATE TABLE students (
    id BLOB PRIMARY KEY,
    school_id BLOB NOT NULL REFERENCES schools (id),
    class_id BLOB NOT NULL REFERENCES classes (id),
    status TEXT NOT NULL,
    identity_mac BLOB NOT NULL,
    number_mac BLOB NOT NULL,
    person_mac BLOB NOT NULL,
    row_mac BLOB NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX students_by_class ON students (class_id);
CREATE INDEX students_by_school ON students (school_id, status);

-- The roster of a class: one sealed sheet, and further parts that imports laid on it.
CREATE TABLE sheets (
    class_id BLOB NOT NULL REFERENCES classes (id),
    part INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    version INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (class_id, part)
) STRICT, WITHOUT ROWID;

-- The fields of one compartment of one file, sealed together so that not even their presence shows.
-- `layer` tells what came with the roster from what people wrote.
CREATE TABLE records (
    student_id BLOB NOT NULL REFERENCES students (id),
    compartment TEXT NOT NULL,
    layer TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    version INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (student_id, compartment, layer)
) STRICT, WITHOUT ROWID;

-- Tracking entries and counselling notes: append-only; a correction points to what it corrects.
CREATE TABLE entries (
    student_id BLOB NOT NULL REFERENCES students (id),
    id BLOB NOT NULL,
    compartment TEXT NOT NULL,
    owner BLOB NOT NULL,
    author BLOB NOT NULL,
    corrects BLOB,
    written_at INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (student_id, compartment, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE drafts (
    person_id BLOB NOT NULL REFERENCES persons (id),
    form BLOB NOT NULL,
    id BLOB NOT NULL,
    sealed BLOB NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (person_id, form)
) STRICT, WITHOUT ROWID;

CREATE TABLE pairings (
    id BLOB PRIMARY KEY,
    school_id BLOB NOT NULL REFERENCES schools (id),
    student_id BLOB NOT NULL REFERENCES students (id),
    helper_id BLOB NOT NULL REFERENCES persons (id),
    starts TEXT NOT NULL,
    ends TEXT NOT NULL,
    ended INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    version INTEGER NOT NULL,
    card BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pairings_by_helper ON pairings (helper_id);
CREATE INDEX pairings_by_student ON pairings (student_id);
CREATE UNIQUE INDEX pairings_one_at_a_time ON pairings (helper_id, student_id) WHERE NOT ended;

-- A sent roster, sealed to its sender. `run` and `seen_at` tell a running import from one whose process died.
CREATE TABLE imports (
    id BLOB PRIMARY KEY,
    school_id BLOB NOT NULL REFERENCES schools (id),
    person_id BLOB NOT NULL REFERENCES persons (id),
    state TEXT NOT NULL,
    done INTEGER NOT NULL,
    total INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    result TEXT NOT NULL,
    run BLOB NOT NULL,
    seen_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What the gate counts: one row per open file under a random id that stands sealed in the file and nowhere else.
CREATE TABLE facts (
    id BLOB PRIMARY KEY,
    school_id BLOB NOT NULL REFERENCES schools (id),
    cohort INTEGER NOT NULL,
    sex TEXT NOT NULL,
    tags INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX facts_by_school ON facts (school_id);

-- What leadership was shown on a day: figures that passed the gate, frozen so that two looks tell no difference.
CREATE TABLE releases (
    school_id BLOB NOT NULL REFERENCES schools (id),
    day TEXT NOT NULL,
    published TEXT NOT NULL,
    PRIMARY KEY (school_id, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_heads (
    school_id BLOB PRIMARY KEY,
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_lines (
    school_id BLOB NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor BLOB NOT NULL,
    role TEXT NOT NULL,
    relation TEXT NOT NULL,
    kind TEXT NOT NULL,
    event TEXT NOT NULL,
    outcome TEXT NOT NULL,
    object BLOB NOT NULL,
    detail TEXT NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (school_id, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX audit_lines_by_object ON audit_lines (school_id, object, seq);
CREATE INDEX audit_lines_by_actor ON audit_lines (school_id, actor, seq);
CREATE INDEX audit_lines_by_event ON audit_lines (school_id, event, seq);
