//! What people wrote for a meeting or a supervision: one row for each text, and a sealed copy for each office or person that may
//! read it.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::county::Part;
use crate::domain::ids::{PaperId, PersonId, SchoolId};
use crate::policy::{Act, Permit};

row! {
    /// A text, of which this row says nothing.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Paper {
        /// Its id.
        pub id: PaperId as Uuid,
        /// The meeting or supervision.
        pub about: Uuid,
        /// The school that wrote it, or that it is for.
        pub school_id: SchoolId as Uuid,
        /// What it is.
        pub part: Part as String,
        /// The decision or topic; empty where there is one text of its part.
        pub item: String,
        /// Who wrote it last.
        pub written_by: PersonId as Uuid,
        /// When, microseconds UTC.
        pub written_at: i64,
        /// Edit version.
        pub version: i64,
    }
}

row! {
    /// A copy of a text, sealed to one holder.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Copy {
        /// Its id.
        pub id: Uuid,
        /// The text.
        pub paper_id: PaperId as Uuid,
        /// The school of the holder.
        pub school_id: SchoolId as Uuid,
        /// The office or person it is sealed to.
        pub holder: Uuid,
        /// The age file.
        pub sealed: Vec<u8>,
        /// Proof that this installation sealed it.
        pub mark: Vec<u8>,
    }
}

impl Conn {
    /// The texts of a meeting or supervision.
    ///
    /// # Errors
    /// The database.
    pub async fn papers(&mut self, about: Uuid) -> Result<Vec<Paper>> {
        sql!(self, fetch_all Paper: "SELECT * FROM papers WHERE about = $1 ORDER BY written_at, id", about)
    }

    /// The copies of these texts that one holder has.
    ///
    /// # Errors
    /// The database.
    pub async fn copies(&mut self, about: Uuid, holder: Uuid) -> Result<Vec<Copy>> {
        sql!(
            self,
            fetch_all Copy: "SELECT * FROM copies WHERE holder = $2 AND paper_id IN (SELECT id FROM papers WHERE about = $1)",
            about,
            holder
        )
    }

    /// Everything that one holder has, with what each is: what a change of its key must seal anew.
    ///
    /// # Errors
    /// The database.
    pub async fn copies_held_by(&mut self, holder: Uuid) -> Result<Vec<(Copy, Part)>> {
        let copies = sql!(self, fetch_all Copy: "SELECT * FROM copies WHERE holder = $1 ORDER BY id", holder)?;
        let parts = sql!(
            self,
            fetch_all (Uuid, String): "SELECT c.id, p.part FROM copies c JOIN papers p ON p.id = c.paper_id WHERE c.holder = $1",
            holder
        )?;
        let part = |copy: &Copy| parts.iter().find(|(id, _)| *id == copy.id).and_then(|(_, part)| Part::parse(part));
        Ok(copies.into_iter().filter_map(|copy| part(&copy).map(|part| (copy, part))).collect())
    }
}

impl Tx {
    /// Puts a text in its place: a new one where the person saw none (`seen` 0), else over the version that the person saw. What was
    /// sealed of it before goes. Gives `false` where a colleague was faster.
    ///
    /// # Errors
    /// The database.
    pub async fn put_paper<A: Act>(&mut self, permit: &Permit<A>, paper: &Paper, seen: i64) -> Result<bool> {
        let (id, about, school) = (paper.id.0, paper.about, paper.school_id.0);
        let (part, item, by, at) = (paper.part.as_str(), paper.item.as_str(), permit.actor().0, paper.written_at);
        let done = if seen == 0 {
            sql!(
                self,
                run "INSERT INTO papers (id, about, school_id, part, item, written_by, written_at, version)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, 1) ON CONFLICT (about, school_id, part, item) DO NOTHING",
                id,
                about,
                school,
                part,
                item,
                by,
                at
            )?
        } else {
            sql!(
                self,
                run "UPDATE papers SET written_by = $2, written_at = $3, version = version + 1 WHERE id = $1 AND version = $4",
                id,
                by,
                at,
                seen
            )?
        };
        if done == 1 {
            sql!(self, run "DELETE FROM copies WHERE paper_id = $1", id)?;
        }
        Ok(done == 1)
    }

    /// Gives a holder a copy, in place of the one it has.
    ///
    /// # Errors
    /// The database.
    pub async fn put_copy<A: Act>(&mut self, _permit: &Permit<A>, copy: &Copy) -> Result<()> {
        let (sealed, mark) = (copy.sealed.clone(), copy.mark.clone());
        sql!(self, run "DELETE FROM copies WHERE paper_id = $1 AND holder = $2", copy.paper_id.0, copy.holder)?;
        sql!(
            self,
            run "INSERT INTO copies (id, paper_id, school_id, holder, sealed, mark) VALUES ($1, $2, $3, $4, $5, $6)",
            copy.id,
            copy.paper_id.0,
            copy.school_id.0,
            copy.holder,
            sealed,
            mark
        )
        .map(drop)
    }

    /// Stores a copy sealed anew to the next key of its holder.
    ///
    /// # Errors
    /// The database.
    pub async fn reseal_copy<A: Act>(&mut self, _permit: &Permit<A>, copy: &Copy) -> Result<()> {
        let (sealed, mark) = (copy.sealed.clone(), copy.mark.clone());
        sql!(self, run "UPDATE copies SET sealed = $2, mark = $3 WHERE id = $1", copy.id, sealed, mark).map(drop)
    }
}
