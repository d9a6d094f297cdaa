-- The school calendar, who sweeps, and notices on their way out of the house.

-- Days that are not what their weekday says: off in the week, or school on a weekend.
CREATE TABLE days (
    school_id UUID NOT NULL REFERENCES schools (id),
    day TEXT NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (school_id, day)
);
