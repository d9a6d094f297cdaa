-- Whether a school speaks of levels as 三级制 or 四色制.
ALTER TABLE schools ADD COLUMN labels TEXT NOT NULL DEFAULT 'three';

-- A letter that nobody takes up is passed on like a due time: `next_at` is when somebody is reminded, `rung` how far it came.
ALTER TABLE letters ADD COLUMN next_at INTEGER;
ALTER TABLE letters ADD COLUMN rung INTEGER NOT NULL DEFAULT 0;
CREATE INDEX letters_by_next ON letters (next_at) WHERE state = 'sent';
