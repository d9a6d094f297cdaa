-- The counselling room: the help-seeking box, appointments, groups.

-- The box of a school: its public code, and with what the receipt phrases are stretched. The windows count letters and
-- looks of ten minutes each, of the whole school: nobody is recorded.
CREATE TABLE help_boxes (
    school_id BLOB PRIMARY KEY REFERENCES schools (id),
    code TEXT NOT NULL CONSTRAINT help_boxes_code_unique UNIQUE,
    is_open INTEGER NOT NULL,
    salt BLOB NOT NULL,
    costs TEXT NOT NULL,
    letter_window INTEGER NOT NULL,
    letters INTEGER NOT NULL,
    look_window INTEGER NOT NULL,
    looks INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- An exchange with somebody who is not known: found by a keyed hash of what grew from the phrase, answered to the public
-- half of what grew from it. Times of the writer are whole hours.
CREATE TABLE help_exchanges (
    id BLOB PRIMARY KEY,
    school_id BLOB NOT NULL REFERENCES schools (id),
    phrase_mac BLOB NOT NULL CONSTRAINT help_exchanges_phrase_unique UNIQUE,
    recipient TEXT NOT NULL,
    recipient_mac BLOB NOT NULL,
    state TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    next_at INTEGER,
    rung INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX help_exchanges_by_school ON help_exchanges (school_id, state, asked_at);
CREATE INDEX help_exchanges_by_next ON help_exchanges (next_at) WHERE next_at IS NOT NULL;

-- The messages of an exchange in their order: the letter to the office, and for an answer the one to the phrase.
CREATE TABLE help_messages (
    exchange_id BLOB NOT NULL REFERENCES help_exchanges (id),
    seq INTEGER NOT NULL,
    letter_id BLOB NOT NULL REFERENCES letters (id),
    answer_id BLOB REFERENCES letters (id),
    PRIMARY KEY (exchange_id, seq)
) STRICT, WITHOUT ROWID;

-- When a counsellor receives people, every week: weekday from 1 for Monday, minutes after midnight and long.
CREATE TABLE room_hours (
    id BLOB PRIMARY KEY,
    school_id BLOB NOT NULL REFERENCES schools (id),
    person_id BLOB NOT NULL REFERENCES persons (id),
    weekday INTEGER NOT NULL,
    starts INTEGER NOT NULL,
    minutes INTEGER NOT NULL,
    room TEXT NOT NULL,
    CONSTRAINT room_hours_start_unique UNIQUE (person_id, weekday, starts)
) STRICT, WITHOUT ROWID;
CREATE INDEX room_hours_by_school ON room_hours (school_id);

-- Appointments of the counselling room: time and room in clear; whom they are for lies in the letter, sealed to the office.
CREATE TABLE appointments (
    id BLOB PRIMARY KEY,
    school_id BLOB NOT NULL REFERENCES schools (id),
    person_id BLOB NOT NULL REFERENCES persons (id),
    starts_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    room TEXT NOT NULL,
    state TEXT NOT NULL,
    letter_id BLOB NOT NULL REFERENCES letters (id),
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX appointments_by_time ON appointments (school_id, starts_at);

-- Groups that a counsellor meets with. The plan, with topic and members, is sealed to the counsellor.
CREATE TABLE counsel_groups (
    id BLOB PRIMARY KEY,
    school_id BLOB NOT NULL REFERENCES schools (id),
    person_id BLOB NOT NULL REFERENCES persons (id),
    ended INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    version INTEGER NOT NULL,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX counsel_groups_by_person ON counsel_groups (person_id, started_at);

-- Meetings of a group, sealed like the plan. `notes` is how many members' own notes came of it.
CREATE TABLE group_meetings (
    id BLOB PRIMARY KEY,
    group_id BLOB NOT NULL REFERENCES counsel_groups (id),
    written_at INTEGER NOT NULL,
    notes INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX group_meetings_by_group ON group_meetings (group_id, written_at);

-- A counsellor counts the own notes by month.
CREATE INDEX entries_by_author ON entries (author, written_at) WHERE compartment = 'counselling';
