-- Reading by grant 阅览授权: a counsellor's notes on one student for a supervisor, the contact of one family for the
-- moral-education director. `owner` is whose notes they are, nil for contact. `sealed` says why, under the very key that the
-- grant gives: whoever gave it and whoever reads open it, and nobody else.
CREATE TABLE reading_grants (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    student_id UUID NOT NULL REFERENCES students (id),
    kind TEXT NOT NULL,
    owner UUID NOT NULL,
    person_id UUID NOT NULL REFERENCES persons (id),
    given_by UUID NOT NULL REFERENCES persons (id),
    given_at BIGINT NOT NULL,
    until TEXT NOT NULL,
    ended_at BIGINT,
    epoch BIGINT NOT NULL,
    sealed BYTEA NOT NULL
);
CREATE INDEX reading_grants_by_student ON reading_grants (student_id);
CREATE INDEX reading_grants_by_school ON reading_grants (school_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX reading_grants_one_at_a_time ON reading_grants (student_id, kind, owner, person_id) WHERE ended_at IS NULL;
