-- The gate: sealed facts, epochs, and releases that are only ever added.

DROP TABLE facts;
DROP TABLE releases;

-- What is counted of a child, in rows that point neither to the child nor to each other. `sealed` is of one length everywhere and
-- opens under the server secret. The ids stand sealed in the file and nowhere else.
CREATE TABLE facts (
    school_id BLOB NOT NULL REFERENCES schools (id),
    id BLOB NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (school_id, id)
) STRICT, WITHOUT ROWID;

-- Files that somebody changed who could not count them: the next holder of their keys does.
CREATE TABLE facts_due (
    student_id BLOB PRIMARY KEY REFERENCES students (id),
    school_id BLOB NOT NULL REFERENCES schools (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX facts_due_by_school ON facts_due (school_id);
INSERT INTO facts_due (student_id, school_id)
SELECT s.id, s.school_id FROM students s
WHERE s.status <> 'enrolled' OR EXISTS (SELECT 1 FROM warnings w WHERE w.student_id = s.id AND w.closed_at IS NULL);

-- A series of reports. `noise` is the sealed key of its noise; it is taken away when the next one begins.
CREATE TABLE epochs (
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL,
    begins TEXT NOT NULL,
    menu INTEGER NOT NULL,
    profile TEXT NOT NULL,
    noise BLOB
) STRICT, WITHOUT ROWID;

-- What of a school, or of all together under the nil id, is shown in an epoch: decided once.
CREATE TABLE epoch_scopes (
    epoch INTEGER NOT NULL REFERENCES epochs (number),
    scope BLOB NOT NULL,
    tier TEXT NOT NULL,
    PRIMARY KEY (epoch, scope)
) STRICT, WITHOUT ROWID;

-- What was published, as text. A row is never changed and never removed; `hash` chains those of one scope.
CREATE TABLE releases (
    scope BLOB NOT NULL,
    epoch INTEGER NOT NULL REFERENCES epochs (number),
    report INTEGER NOT NULL,
    day TEXT NOT NULL,
    text TEXT NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (scope, epoch, report)
) STRICT, WITHOUT ROWID;
