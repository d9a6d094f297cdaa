-- The district: its joint meetings with schools, its supervision, and what the yearly compliance pack is made from.

-- A district stands among the schools and has none of what a school has. There is one.
ALTER TABLE schools ADD COLUMN kind TEXT NOT NULL DEFAULT 'school';
CREATE UNIQUE INDEX schools_one_district ON schools (kind) WHERE kind = 'district';
-- Home visits that the district asks for, per student on the roll and school year. Only the district's row counts.
ALTER TABLE schools ADD COLUMN visits BIGINT NOT NULL DEFAULT 1;

-- 联席会议: who called it, for which half of a school year, and when it was held.
CREATE TABLE meetings (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    half TEXT NOT NULL,
    day TEXT NOT NULL,
    held BOOLEAN NOT NULL,
    made_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT meetings_half_unique UNIQUE (school_id, half)
);

CREATE TABLE attendances (
    meeting_id UUID NOT NULL REFERENCES meetings (id),
    school_id UUID NOT NULL REFERENCES schools (id),
    PRIMARY KEY (meeting_id, school_id)
);
CREATE INDEX attendances_by_school ON attendances (school_id);

-- Who has to do what was decided until when; what it is stands in `papers`.
CREATE TABLE decisions (
    id UUID PRIMARY KEY,
    meeting_id UUID NOT NULL REFERENCES meetings (id),
    school_id UUID NOT NULL REFERENCES schools (id),
    owner TEXT NOT NULL,
    due TEXT NOT NULL,
    state TEXT NOT NULL,
    reminded BOOLEAN NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX decisions_by_meeting ON decisions (meeting_id, due);
CREATE INDEX decisions_due ON decisions (due) WHERE NOT reminded;

-- 督查: the topics are a coded list.
CREATE TABLE supervisions (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    half TEXT NOT NULL,
    topics TEXT NOT NULL,
    made_at BIGINT NOT NULL
);

-- What one school has to answer on one topic. `rectify` is the day until which something is to be put right 限期整改.
CREATE TABLE answers (
    supervision_id UUID NOT NULL REFERENCES supervisions (id),
    school_id UUID NOT NULL REFERENCES schools (id),
    topic TEXT NOT NULL,
    due TEXT NOT NULL,
    state TEXT NOT NULL,
    rectify TEXT,
    reminded BOOLEAN NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (supervision_id, school_id, topic)
);
CREATE INDEX answers_by_school ON answers (school_id);

-- What people wrote of a meeting or a supervision: no row here says a word of it. `item` is the decision or topic it is about.
CREATE TABLE papers (
    id UUID PRIMARY KEY,
    about UUID NOT NULL,
    school_id UUID NOT NULL REFERENCES schools (id),
    part TEXT NOT NULL,
    item TEXT NOT NULL,
    written_by UUID NOT NULL,
    written_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    CONSTRAINT papers_place_unique UNIQUE (about, school_id, part, item)
);

-- One copy for each office or person that may read a paper, sealed to it.
CREATE TABLE copies (
    id UUID PRIMARY KEY,
    paper_id UUID NOT NULL REFERENCES papers (id),
    school_id UUID NOT NULL REFERENCES schools (id),
    holder UUID NOT NULL,
    sealed BYTEA NOT NULL,
    mark BYTEA NOT NULL,
    CONSTRAINT copies_holder_unique UNIQUE (paper_id, holder)
);
CREATE INDEX copies_by_holder ON copies (holder);

-- Exact totals of what a school did, none of which is about one child (src/domain/process.rs).
CREATE TABLE tallies (
    school_id UUID NOT NULL REFERENCES schools (id),
    half TEXT NOT NULL,
    figure TEXT NOT NULL,
    total BIGINT NOT NULL,
    PRIMARY KEY (school_id, half, figure)
);

-- Training that was held, and how many of the staff were there.
CREATE TABLE trainings (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    half TEXT NOT NULL,
    day TEXT NOT NULL,
    staff BIGINT NOT NULL,
    noted_at BIGINT NOT NULL
);
CREATE INDEX trainings_by_school ON trainings (school_id, day);

-- The register of incidents: words of a closed list and days. There is no room in it for a name.
CREATE TABLE incidents (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    kind TEXT NOT NULL,
    found TEXT NOT NULL,
    reported TEXT,
    told TEXT,
    closed TEXT,
    noted_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX incidents_by_school ON incidents (school_id, found);
