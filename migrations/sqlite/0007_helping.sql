-- One-on-one helpers: the whole life of a pairing, people from outside, strengths, reviews of help, and the mood log.

-- Pairings that ran before helpers were asked go on as accepted.
ALTER TABLE pairings ADD COLUMN accepted_at INTEGER;
ALTER TABLE pairings ADD COLUMN paused INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pairings ADD COLUMN declined INTEGER NOT NULL DEFAULT 0;
-- Whether the helper is to hold the contact key as well as that of support.
ALTER TABLE pairings ADD COLUMN contact INTEGER NOT NULL DEFAULT 1;
-- A helper from outside the school: holds no key, and reads `handed`, which is sealed to that person alone.
ALTER TABLE pairings ADD COLUMN outside INTEGER NOT NULL DEFAULT 0;
ALTER TABLE pairings ADD COLUMN handed BLOB;
ALTER TABLE pairings ADD COLUMN handed_mark BLOB;
ALTER TABLE pairings ADD COLUMN started_by BLOB;
-- The pairing of the colleague on leave whom this one stands in for.
ALTER TABLE pairings ADD COLUMN stands_in_for BLOB;
UPDATE pairings SET accepted_at = 0;

-- When the background of somebody from outside was checked last (未成年人保护法 §62).
CREATE TABLE checks (
    person_id BLOB PRIMARY KEY REFERENCES persons (id),
    checked_on TEXT NOT NULL,
    noted_by BLOB NOT NULL,
    noted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What a member of staff can help with, by their own word. About staff, so in clear.
CREATE TABLE strengths (
    person_id BLOB PRIMARY KEY REFERENCES persons (id),
    school_id BLOB NOT NULL REFERENCES schools (id),
    subject TEXT NOT NULL,
    interests TEXT NOT NULL,
    languages TEXT NOT NULL,
    sex TEXT,
    capacity INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX strengths_by_school ON strengths (school_id);

-- Stage reviews of help, what parents say, what the office thinks: append-only, in the support compartment.
CREATE TABLE reviews (
    id BLOB PRIMARY KEY,
    student_id BLOB NOT NULL REFERENCES students (id),
    author BLOB NOT NULL,
    written_at INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX reviews_by_student ON reviews (student_id, id);

-- The mood log 心理晴雨表: one sealed sheet per class and day, under the support key of the class.
CREATE TABLE moods (
    class_id BLOB NOT NULL REFERENCES classes (id),
    day TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    version INTEGER NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (class_id, day)
) STRICT, WITHOUT ROWID;

CREATE INDEX letters_contributed ON letters (student_id, kind, state);
