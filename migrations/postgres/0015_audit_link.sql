-- The hash of an audit line that follows another, as the program makes it: so a line is put behind the head of its chain by one statement,
-- and nobody waits for the head while it is on its way to the program and back.
CREATE FUNCTION audit_link(previous bytea, school uuid, seq bigint, rest bytea) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN sha256('\x79696365206175646974206c696e65207631'::bytea || previous || uuid_send(school) || int8send(seq) || rest);
