-- The counselling room: the help-seeking box, appointments, groups.

-- The box of a school: its public code, and with what the receipt phrases are stretched. The windows count letters and
-- looks of ten minutes each, of the whole school: nobody is recorded.
CREATE TABLE help_boxes (
    school_id UUID PRIMARY KEY REFERENCES schools (id),
    code TEXT NOT NULL CONSTRAINT help_boxes_code_unique UNIQUE,
    is_open BOOLEAN NOT NULL,
    salt BYTEA NOT NULL,
    costs TEXT NOT NULL,
    letter_window BIGINT NOT NULL,
    letters BIGINT NOT NULL,
    look_window BIGINT NOT NULL,
    looks BIGINT NOT NULL
);

-- An exchange with somebody who is not known: found by a keyed hash of what grew from the phrase, answered to the public
-- half of what grew from it. Times of the writer are whole hours.
CREATE TABLE help_exchanges (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    phrase_mac BYTEA NOT NULL CONSTRAINT help_exchanges_phrase_unique UNIQUE,
    recipient TEXT NOT NULL,
    recipient_mac BYTEA NOT NULL,
    state TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    next_at BIGINT,
    rung BIGINT NOT NULL,
    version BIGINT NOT NULL
);
CREATE INDEX help_exchanges_by_school ON help_exchanges (school_id, state, asked_at);
CREATE INDEX help_exchanges_by_next ON help_exchanges (next_at) WHERE next_at IS NOT NULL;

-- The messages of an exchange in their order: the letter to the office, and for an answer the one to the phrase.
CREATE TABLE help_messages (
    exchange_id UUID NOT NULL REFERENCES help_exchanges (id),
    seq BIGINT NOT NULL,
    letter_id UUID NOT NULL REFERENCES letters (id),
    answer_id UUID REFERENCES letters (id),
    PRIMARY KEY (exchange_id, seq)
);

-- When a counsellor receives people, every week: weekday from 1 for Monday, minutes after midnight and long.
CREATE TABLE room_hours (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    person_id UUID NOT NULL REFERENCES persons (id),
    weekday BIGINT NOT NULL,
    starts BIGINT NOT NULL,
    minutes BIGINT NOT NULL,
    room TEXT NOT NULL,
    CONSTRAINT room_hours_start_unique UNIQUE (person_id, weekday, starts)
);
CREATE INDEX room_hours_by_school ON room_hours (school_id);

-- Appointments of the counselling room: time and room in clear; whom they are for lies in the letter, sealed to the office.
CREATE TABLE appointments (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    person_id UUID NOT NULL REFERENCES persons (id),
    starts_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    room TEXT NOT NULL,
    state TEXT NOT NULL,
    letter_id UUID NOT NULL REFERENCES letters (id),
    version BIGINT NOT NULL
);
CREATE INDEX appointments_by_time ON appointments (school_id, starts_at);

-- Groups that a counsellor meets with. The plan, with topic and members, is sealed to the counsellor.
CREATE TABLE counsel_groups (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    person_id UUID NOT NULL REFERENCES persons (id),
    ended BOOLEAN NOT NULL,
    started_at BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    version BIGINT NOT NULL,
    sealed BYTEA NOT NULL
);
CREATE INDEX counsel_groups_by_person ON counsel_groups (person_id, started_at);

-- Meetings of a group, sealed like the plan. `notes` is how many members' own notes came of it.
CREATE TABLE group_meetings (
    id UUID PRIMARY KEY,
    group_id UUID NOT NULL REFERENCES counsel_groups (id),
    written_at BIGINT NOT NULL,
    notes BIGINT NOT NULL,
    epoch BIGINT NOT NULL,
    sealed BYTEA NOT NULL
);
CREATE INDEX group_meetings_by_group ON group_meetings (group_id, written_at);

-- A counsellor counts the own notes by month.
CREATE INDEX entries_by_author ON entries (author, written_at) WHERE compartment = 'counselling';
