-- One-on-one helpers: the whole life of a pairing, people from outside, strengths, reviews of help, and the mood log.

-- Pairings that ran before helpers were asked go on as accepted.
ALTER TABLE pairings ADD COLUMN accepted_at BIGINT;
ALTER TABLE pairings ADD COLUMN paused BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE pairings ADD COLUMN declined BOOLEAN NOT NULL DEFAULT false;
-- Whether the helper is to hold the contact key as well as that of support.
ALTER TABLE pairings ADD COLUMN contact BOOLEAN NOT NULL DEFAULT true;
-- A helper from outside the school: holds no key, and reads `handed`, which is sealed to that person alone.
ALTER TABLE pairings ADD COLUMN outside BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE pairings ADD COLUMN handed BYTEA;
ALTER TABLE pairings ADD COLUMN handed_mark BYTEA;
ALTER TABLE pairings ADD COLUMN started_by UUID;
-- The pairing of the colleague on leave whom this one stands in for.
ALTER TABLE pairings ADD COLUMN stands_in_for UUID;
UPDATE pairings SET accepted_at = 0;

-- When the background of somebody from outside was checked last (未成年人保护法 §62).
CREATE TABLE checks (
    person_id UUID PRIMARY KEY REFERENCES persons (id),
    checked_on TEXT NOT NULL,
    noted_by UUID NOT NULL,
    noted_at BIGINT NOT NULL
);

-- What a member of staff can help with, by their own word. About staff, so in clear.
CREATE TABLE strengths (
    person_id UUID PRIMARY KEY REFERENCES persons (id),
    school_id UUID NOT NULL REFERENCES schools (id),
    subject TEXT NOT NULL,
    interests TEXT NOT NULL,
    languages TEXT NOT NULL,
    sex TEXT,
    capacity BIGINT NOT NULL
);
CREATE INDEX strengths_by_school ON strengths (school_id);

-- Stage reviews of help, what parents say, what the office thinks: append-only, in the support compartment.
CREATE TABLE reviews (
    id UUID PRIMARY KEY,
    student_id UUID NOT NULL REFERENCES students (id),
    author UUID NOT NULL,
    written_at BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    sealed BYTEA NOT NULL
);
CREATE INDEX reviews_by_student ON reviews (student_id, id);

-- The mood log 心理晴雨表: one sealed sheet per class and day, under the support key of the class.
CREATE TABLE moods (
    class_id UUID NOT NULL REFERENCES classes (id),
    day TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    version BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (class_id, day)
);

CREATE INDEX letters_contributed ON letters (student_id, kind, state);
