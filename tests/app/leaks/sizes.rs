//! What the lengths of rows tell to somebody who reads the database: not how many groups a child is in.
