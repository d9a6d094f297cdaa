-- Five-early warnings: sealed letters, warnings with their timeline and due times, and notices without content.

-- Something written for one holder (an office or a person) that the writer cannot read back. `mark` proves that this
-- installation sealed it: anybody can make an age file for a public key.
CREATE TABLE letters (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    kind TEXT NOT NULL,
    student_id UUID REFERENCES students (id),
    sender UUID REFERENCES persons (id),
    holder UUID NOT NULL,
    state TEXT NOT NULL,
    sent_at BIGINT NOT NULL,
    warning_id UUID,
    version BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    mark BYTEA NOT NULL
);
CREATE INDEX letters_by_holder ON letters (holder, state, sent_at);
CREATE INDEX letters_by_sender ON letters (sender, sent_at);

-- One warning about one student; level and content are sealed, the stage and its times are not.
CREATE TABLE warnings (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    student_id UUID NOT NULL REFERENCES students (id),
    stage TEXT NOT NULL,
    reported_at BIGINT NOT NULL,
    acknowledged_at BIGINT,
    assessed_at BIGINT,
    prevented_at BIGINT,
    controlled_at BIGINT,
    closed_at BIGINT,
    epoch BIGINT NOT NULL,
    version BIGINT NOT NULL,
    sealed BYTEA NOT NULL
);
CREATE INDEX warnings_by_school ON warnings (school_id, stage);
CREATE UNIQUE INDEX warnings_one_at_a_time ON warnings (student_id) WHERE closed_at IS NULL;

-- The timeline of a warning: append-only.
CREATE TABLE steps (
    id UUID PRIMARY KEY,
    warning_id UUID NOT NULL REFERENCES warnings (id),
    student_id UUID NOT NULL REFERENCES students (id),
    author UUID NOT NULL,
    written_at BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    sealed BYTEA NOT NULL
);
CREATE INDEX steps_by_warning ON steps (warning_id, written_at);
CREATE INDEX steps_by_student ON steps (student_id);

-- What must be done until when. What it is stands sealed; `owner` is the role that must do it, `rung` how far it has
-- been passed on, `next_at` when somebody is reminded next.
CREATE TABLE deadlines (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    student_id UUID NOT NULL REFERENCES students (id),
    warning_id UUID REFERENCES warnings (id),
    owner TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    next_at BIGINT,
    rung BIGINT NOT NULL,
    done_at BIGINT,
    done_by UUID,
    epoch BIGINT NOT NULL,
    version BIGINT NOT NULL,
    sealed BYTEA NOT NULL
);
CREATE INDEX deadlines_by_next ON deadlines (next_at) WHERE done_at IS NULL;
CREATE INDEX deadlines_by_school ON deadlines (school_id, due_at) WHERE done_at IS NULL;
CREATE INDEX deadlines_by_warning ON deadlines (warning_id);
CREATE INDEX deadlines_by_student ON deadlines (student_id);

-- That something waits for a person, and on which page. Never what.
CREATE TABLE notices (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    person_id UUID NOT NULL REFERENCES persons (id),
    place TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    seen_at BIGINT
);
CREATE INDEX notices_by_person ON notices (person_id, made_at);
CREATE INDEX notices_by_time ON notices (made_at);
