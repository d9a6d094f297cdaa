-- How long a file is kept, and who holds a counsellor's notes after a hand-over.

-- What was decided about the keeping of a file: that it is to be destroyed, or that it must not be. `sealed` says why, in the
-- `warning` compartment; it goes with the file.
CREATE TABLE keepings (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    student_id UUID NOT NULL REFERENCES students (id),
    kind TEXT NOT NULL,
    made_by UUID NOT NULL REFERENCES persons (id),
    made_at BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    CONSTRAINT keepings_kind_unique UNIQUE (student_id, kind)
);
CREATE INDEX keepings_by_school ON keepings (school_id, kind);

-- Who took over a counsellor's notes on a student, to read them. The keys are wraps like any other; this says whose notes to
-- show. `given_by` is nil where two recovery slips did it.
CREATE TABLE successions (
    student_id UUID NOT NULL REFERENCES students (id),
    owner UUID NOT NULL REFERENCES persons (id),
    person_id UUID NOT NULL REFERENCES persons (id),
    given_by UUID NOT NULL,
    given_at BIGINT NOT NULL,
    PRIMARY KEY (student_id, owner, person_id)
);
CREATE INDEX successions_by_person ON successions (person_id);
