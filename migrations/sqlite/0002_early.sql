-- Five-early warnings: sealed letters, warnings with their timeline and due times, and notices without content.

-- Something written for one holder (an office or a person) that the writer cannot read back. `mark` proves that this
-- installation sealed it: anybody can make an age file for a public key.
CREATE TABLE letters (
    id BLOB PRIMARY KEY,
    school_id BLOB NOT NULL REFERENCES schools (id),
    kind TEXT NOT NULL,
    student_id BLOB REFERENCES students (id),
    sender BLOB REFERENCES persons (id),
    holder BLOB NOT NULL,
    state TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    warning_id BLOB,
    version INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    mark BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX letters_by_holder ON letters (holder, state, sent_at);
CREATE INDEX letters_by_sender ON letters (sender, sent_at);

-- One warning about one student; level and content are sealed, the stage and its times are not.
CREATE TABLE warnings (
    id BLOB PRIMARY KEY,
    school_id BLOB NOT NULL REFERENCES schools (id),
    student_id BLOB NOT NULL REFERENCES students (id),
    stage TEXT NOT NULL,
    reported_at INTEGER NOT NULL,
    acknowledged_at INTEGER,
    assessed_at INTEGER,
    prevented_at INTEGER,
    controlled_at INTEGER,
    closed_at INTEGER,
    epoch INTEGER NOT NULL,
    version INTEGER NOT NULL,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX warnings_by_school ON warnings (school_id, stage);
CREATE UNIQUE INDEX warnings_one_at_a_time ON warnings (student_id) WHERE closed_at IS NULL;

-- The timeline of a warning: append-only.
CREATE TABLE steps (
    id BLOB PRIMARY KEY,
    warning_id BLOB NOT NULL REFERENCES warnings (id),
    student_id BLOB NOT NULL REFERENCES students (id),
    author BLOB NOT NULL,
    written_at INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX steps_by_warning ON steps (warning_id, written_at);
CREATE INDEX steps_by_student ON steps (student_id);

-- What must be done until when. What it is stands sealed; `owner` is the role that must do it, `rung` how far it has
-- been passed on, `next_at` when somebody is reminded next.
CREATE TABLE deadlines (
    id BLOB PRIMARY KEY,
    school_id BLOB NOT NULL REFERENCES schools (id),
    student_id BLOB NOT NULL REFERENCES students (id),
    warning_id BLOB REFERENCES warnings (id),
    owner TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    next_at INTEGER,
    rung INTEGER NOT NULL,
    done_at INTEGER,
    done_by BLOB,
    epoch INTEGER NOT NULL,
    version INTEGER NOT NULL,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX deadlines_by_next ON deadlines (next_at) WHERE done_at IS NULL;
CREATE INDEX deadlines_by_school ON deadlines (school_id, due_at) WHERE done_at IS NULL;
CREATE INDEX deadlines_by_warning ON deadlines (warning_id);
CREATE INDEX deadlines_by_student ON deadlines (student_id);

-- That something waits for a person, and on which page. Never what.
CREATE TABLE notices (
    id BLOB PRIMARY KEY,
    school_id BLOB NOT NULL REFERENCES schools (id),
    person_id BLOB NOT NULL REFERENCES persons (id),
    place TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    seen_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX notices_by_person ON notices (person_id, made_at);
CREATE INDEX notices_by_time ON notices (made_at);
