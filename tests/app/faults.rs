//! What goes wrong in a school's server room, done to the real program: it says so, writes nothing half, and never panics.

mod database;
mod forms;
mod kills;
