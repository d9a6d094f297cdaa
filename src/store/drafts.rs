//! Drafts: what a person was writing when the session ended, sealed to that person.

use uuid::Uuid;

use super::{Conn, Result, Tx, row, sql};
use crate::domain::ids::{DraftId, PersonId};
use crate::policy::{Manage, Permit};

row! {
    /// A sealed draft.
    #[derive(Debug, Clone)]
    pub struct Draft {
        /// Its id.
        pub id: DraftId as Uuid,
        /// The sealed form.
        pub sealed: Vec<u8>,
        /// When it was kept, microseconds UTC.
        pub updated_at: i64,
    }
}

impl Conn {
    /// The person's draft of one form; `form` is a keyed hash, so that the table does not say which file it is about.
    ///
    /// # Errors
    /// The database.
    pub async fn draft(&mut self, person: PersonId, form: &[u8]) -> Result<Option<Draft>> {
        sql!(
            self,
            fetch_optional Draft: "SELECT id, sealed, updated_at FROM drafts WHERE person_id = $1 AND form = $2",
            person.0,
            form.to_vec()
        )
    }
}

impl Tx {
    /// Keeps a draft in place of the earlier one of the same form.
    ///
    /// # Errors
    /// The database.
    pub async fn put_draft(&mut self, permit: &Permit<Manage>, form: &[u8], draft: &Draft) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO drafts (person_id, form, id, sealed, updated_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (person_id, form) DO UPDATE SET id = excluded.id, sealed = excluded.sealed, updated_at = excluded.updated_at",
            permit.object(),
            form.to_vec(),
            draft.id.0,
            draft.sealed.clone(),
            draft.updated_at
        )
        .map(drop)
    }

    /// Removes a draft, once the form was sent or given up.
    ///
    /// # Errors
    /// The database.
    pub async fn delete_draft(&mut self, permit: &Permit<Manage>, form: &[u8]) -> Result<()> {
        sql!(self, run "DELETE FROM drafts WHERE person_id = $1 AND form = $2", permit.object(), form.to_vec())
            .map(drop)
    }
}
