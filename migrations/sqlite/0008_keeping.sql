-- How long a file is kept, and who holds a counsellor's notes after a hand-over.

-- What was decided about the keeping of a file: that it is to be destroyed, or that it must not be. `sealed` says why, in the
-- `warning` compartment; it goes with the file.
CREATE TABLE keepings (
    id BLOB PRIMARY KEY,
    school_id BLOB NOT NULL REFERENCES schools (id),
    student_id BLOB NOT NULL REFERENCES students (id),
    kind TEXT NOT NULL,
    made_by BLOB NOT NULL REFERENCES persons (id),
    made_at INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    CONSTRAINT keepings_kind_unique UNIQUE (student_id, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX keepings_by_school ON keepings (school_id, kind);

-- Who took over a counsellor's notes on a student, to read them. The keys are wraps like any other; this says whose notes to
-- show. `given_by` is nil where two recovery slips did it.
CREATE TABLE successions (
    student_id BLOB NOT NULL REFERENCES students (id),
    owner BLOB NOT NULL REFERENCES persons (id),
    person_id BLOB NOT NULL REFERENCES persons (id),
    given_by BLOB NOT NULL,
    given_at INTEGER NOT NULL,
    PRIMARY KEY (student_id, owner, person_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX successions_by_person ON successions (person_id);
