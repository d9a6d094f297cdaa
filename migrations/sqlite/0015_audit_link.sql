-- SQLite has no hash of this kind: the program links the lines.
SELECT 1;
