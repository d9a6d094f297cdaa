-- An SQLite file has one writer at a time, and who waits for it stands in a queue of the program: there is nothing to do here.
SELECT 1;
