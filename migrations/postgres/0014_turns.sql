-- Every act of a school takes the head of the school's chain for its last moments. Those who wait for a row that changes all the time
-- are woken all at once, and whoever is quickest goes on: some wait for ten times as long as others. A lock of the school, taken before the
-- row is looked for, is given in the order in which they came.
CREATE FUNCTION audit_heads_turn() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('yice ' || NEW.school_id::text, 0));
    RETURN NEW;
END
$$;
CREATE TRIGGER audit_heads_turn BEFORE INSERT ON audit_heads FOR EACH ROW EXECUTE FUNCTION audit_heads_turn();
