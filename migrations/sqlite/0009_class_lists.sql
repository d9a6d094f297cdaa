-- A class list asks for id, stage and version of its students: all of it stands in the index.
DROP INDEX students_by_class;
CREATE INDEX students_by_class ON students (class_id, status, version, id);
