-- The gate: sealed facts, epochs, and releases that are only ever added.

DROP TABLE facts;
DROP TABLE releases;

-- What is counted of a child, in rows that point neither to the child nor to each other. `sealed` is of one length everywhere and
-- opens under the server secret. The ids stand sealed in the file and nowhere else.
CREATE TABLE facts (
    school_id UUID NOT NULL REFERENCES schools (id),
    id UUID NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (school_id, id)
);

-- Files that somebody changed who could not count them: the next holder of their keys does.
CREATE TABLE facts_due (
    student_id UUID PRIMARY KEY REFERENCES students (id),
    school_id UUID NOT NULL REFERENCES schools (id)
);
CREATE INDEX facts_due_by_school ON facts_due (school_id);
INSERT INTO facts_due (student_id, school_id)
SELECT s.id, s.school_id FROM students s
WHERE s.status <> 'enrolled' OR EXISTS (SELECT 1 FROM warnings w WHERE w.student_id = s.id AND w.closed_at IS NULL);

-- A series of reports. `noise` is the sealed key of its noise; it is taken away when the next one begins.
CREATE TABLE epochs (
    number BIGINT PRIMARY KEY,
    id UUID NOT NULL,
    begins TEXT NOT NULL,
    menu BIGINT NOT NULL,
    profile TEXT NOT NULL,
    noise BYTEA
);

-- What of a school, or of all together under the nil id, is shown in an epoch: decided once.
CREATE TABLE epoch_scopes (
    epoch BIGINT NOT NULL REFERENCES epochs (number),
    scope UUID NOT NULL,
    tier TEXT NOT NULL,
    PRIMARY KEY (epoch, scope)
);

-- What was published, as text. A row is never changed and never removed; `hash` chains those of one scope.
CREATE TABLE releases (
    scope UUID NOT NULL,
    epoch BIGINT NOT NULL REFERENCES epochs (number),
    report BIGINT NOT NULL,
    day TEXT NOT NULL,
    text TEXT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (scope, epoch, report)
);
