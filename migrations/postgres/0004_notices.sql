-- The school calendar, who sweeps, and notices on their way out of the house.

-- Days that are not what their weekday says: off in the week, or school on a weekend.
CREATE TABLE days (
    school_id UUID NOT NULL REFERENCES schools (id),
    day TEXT NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (school_id, day)
);

-- One node at a time sweeps. No clock stands here: a holder whose beat no longer moves has ended.
CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    holder UUID NOT NULL,
    beat BIGINT NOT NULL
);

-- What is said once, such as that a holiday comes.
CREATE TABLE occasions (
    school_id UUID NOT NULL REFERENCES schools (id),
    name TEXT NOT NULL,
    PRIMARY KEY (school_id, name)
);

-- The ways out of the house. Servers, addresses and passwords are sealed under the secret of the installation.
CREATE TABLE channels (
    school_id UUID NOT NULL REFERENCES schools (id),
    kind TEXT NOT NULL,
    version BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (school_id, kind)
);

-- Where a person wants to be told, sealed under the secret of the installation.
CREATE TABLE addresses (
    person_id UUID PRIMARY KEY REFERENCES persons (id),
    sealed BYTEA NOT NULL
);

-- Messages without content on their way out: that somebody should sign in and look.
CREATE TABLE outbox (
    id UUID PRIMARY KEY,
    school_id UUID NOT NULL REFERENCES schools (id),
    kind TEXT NOT NULL,
    person_id UUID,
    state TEXT NOT NULL,
    tries BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    fault TEXT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX outbox_by_next ON outbox (next_at) WHERE state = 'waiting';
CREATE INDEX outbox_by_school ON outbox (school_id, state, changed_at);
CREATE INDEX notices_unseen ON notices (person_id) WHERE seen_at IS NULL;

-- Who takes over a case for a holiday. `subject` is a warning, or a due time that belongs to none.
CREATE TABLE handovers (
    subject UUID NOT NULL,
    holiday TEXT NOT NULL,
    school_id UUID NOT NULL REFERENCES schools (id),
    taker UUID NOT NULL REFERENCES persons (id),
    made_by UUID NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (subject, holiday)
);
CREATE INDEX handovers_by_holiday ON handovers (school_id, holiday);
