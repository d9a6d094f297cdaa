//! Closing a crisis record: asked for by one, signed by another, refused while anything is open.

use super::{Desk, Said, TEXT, Trace, optional, text};
use crate::domain::audit::Event;
use crate::domain::crisis::{Asked, CrisisAct, may_sign, open};
use crate::domain::ids::WarningId;
use crate::domain::words::{Kind, Role};
use crate::policy::{Act, Sign};
use crate::service::error::again;
use crate::service::{App, Error, Result, Viewer};
use crate::store::Tx;

impl App {
    /// Asks for closing a record, with how the case came out: the first of two signatures.
    ///
    /// # Errors
    /// [`Error::Invalid`] without an outcome, or while anything is open; [`Error::NotFound`] for anyone who signs nothing.
    pub async fn ask_crisis_closing(&self, viewer: &Viewer, id: WarningId, outcome: &str) -> Result<()> {
        self.may_with_warning::<Sign>(viewer, id).await?;
        let outcome = text("outcome", outcome, TEXT)?;
        again(|| async {
            let mut tx = self.begin().await?;
            let mut desk = self.desk::<Sign>(&mut tx, viewer, id).await?;
            let trace = Trace::of(&desk.keys, &desk.read, &desk.steps)?;
            let led = desk.approach.leader(&self.today()).is_some();
            if !open(&desk.crisis, &trace.course(desk.stored.opened_at, led, self.now())).is_empty() {
                return Err(Error::field("outcome", "crisis-open-items"));
            }
            let counsellor = viewer.has(Role::Counsellor);
            let outcome = outcome.clone();
            let said = Said { act: CrisisAct::ClosingAsked, note: outcome.clone(), persons: Vec::new() };
            desk.crisis.closing = Some(Asked { by: viewer.person.id, at: self.now(), counsellor, outcome });
            self.say(&mut tx, &desk.permit, &desk.keys, &desk.warning, said).await?;
            self.tell_signers_of(&mut tx, viewer, &desk).await?;
            self.put_desk(&mut tx, desk, Event::CrisisChanged, CrisisAct::ClosingAsked.as_str()).await?;
            Ok(tx.commit().await?)
        })
        .await
    }

    /// Tells everybody who may give the second signature, the leader included, that one is waited for.
    async fn tell_signers_of<A: Act>(&self, tx: &mut Tx, viewer: &Viewer, desk: &Desk<A>) -> Result<()> {
        let school = desk.warning.school_id;
        let mut signers = self.holders_of_role(tx, school, Role::Counsellor, None).await?;
        signers.extend(self.holders_of_role(tx, school, Role::MoralEdDirector, None).await?);
        signers.extend(desk.approach.leader(&self.today()).map(|grant| grant.person_id));
        signers.remove(&viewer.person.id);
        self.tell(tx, school, &signers, &format!("/warnings/{}/crisis", desk.warning.id)).await
    }

    /// Signs or refuses the closing that a colleague asked for. With the second signature the leader's keys change and the
    /// record is closed for good. `seen` is the version of the record that the person saw.
    ///
    /// # Errors
    /// [`Error::Stale`] when the record changed since; [`Error::Invalid`] when the same person signs twice, when neither is a
    /// counsellor, when something is open again, or a refusal has no reason; [`Error::NotFound`] for anyone who signs nothing.
    pub async fn decide_crisis_closing(
        &self,
        viewer: &Viewer,
        id: WarningId,
        signs: bool,
        reason: &str,
        seen: i64,
    ) -> Result<()> {
        self.may_with_warning::<Sign>(viewer, id).await?;
        let reason = if signs { optional("reason", reason, TEXT)? } else { text("reason", reason, TEXT)? };
        again(|| self.try_decide_crisis(viewer, id, signs, &reason, seen)).await
    }

    async fn try_decide_crisis(
        &self,
        viewer: &Viewer,
        id: WarningId,
        signs: bool,
        reason: &str,
        seen: i64,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let mut desk = self.desk::<Sign>(&mut tx, viewer, id).await?;
        if desk.stored.version != seen {
            return Err(Error::Stale(Vec::new()));
        }
        let Some(asker) = desk.crisis.closing.as_ref().map(|asked| asked.by) else {
            return Err(Error::field("sign", "crisis-not-asked"));
        };
        let mut said = Said { act: CrisisAct::ClosingRefused, note: reason.to_owned(), persons: vec![asker] };
        let event = if signs {
            self.sign_desk(&mut tx, viewer, &mut desk).await?;
            said.act = CrisisAct::Closed;
            Event::CrisisClosed
        } else {
            desk.crisis.closing = None;
            Event::CrisisChanged
        };
        let code = said.act.as_str();
        self.say(&mut tx, &desk.permit, &desk.keys, &desk.warning, said).await?;
        self.tell(&mut tx, desk.warning.school_id, &[asker].into(), &format!("/warnings/{id}/crisis")).await?;
        let leader = desk.approach.grants.iter().find(|g| g.warning_id == id && g.ended_at.is_none()).cloned();
        let (student, standing) = (desk.approach.student.id, desk.approach.standing.clone());
        self.put_desk(&mut tx, desk, event, code).await?;
        // Last, because it changes the keys under which everything above was sealed.
        if signs && let Some(grant) = leader {
            let mut approach = self.approach(&mut tx, viewer, student).await?;
            let permit =
                self.policy.permit::<Sign>(&standing, Kind::Warning, student.0).map_err(|_| Error::NotFound)?;
            self.end_lead(&mut tx, &permit, viewer, &mut approach, &grant).await?;
        }
        Ok(tx.commit().await?)
    }

    /// The second signature.
    async fn sign_desk(&self, tx: &mut Tx, viewer: &Viewer, desk: &mut Desk<Sign>) -> Result<()> {
        let trace = Trace::of(&desk.keys, &desk.read, &desk.steps)?;
        let led = desk.approach.leader(&self.today()).is_some();
        let course = trace.course(desk.stored.opened_at, led, self.now());
        may_sign(&desk.crisis, &course, viewer.person.id, viewer.has(Role::Counsellor))
            .map_err(|problem| Error::field("sign", problem.as_str()))?;
        desk.crisis.signed = Some((viewer.person.id, self.now()));
        desk.stored.closed_at = Some(self.now());
        self.company_due(tx, &desk.permit, &desk.read, &desk.keys, &desk.warning, None).await
    }
}
