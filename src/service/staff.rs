//! Staff: who works at the school, as what, and whether the account is open. The administrator's work; it opens no file.

use jiff::civil::Date;
use secrecy::SecretString;
use uuid::Uuid;

use super::offices::{implies, office_of};
use super::{App, Error, FieldProblem, Result, Viewer};
use crate::domain::audit::Event;
use crate::domain::ids::{ClassId, PersonId, SchoolId};
use crate::domain::relation::{Duty, Standing};
use crate::domain::words::{Kind, Language, OfficeKind, Role, words};
use crate::policy::{Manage, Permit, Read};
use crate::store::{Class, Conn, Person, Tx};

/// The longest name, in characters.
pub const NAME: usize = 40;
/// The longest sign-in name, in characters.
pub const LOGIN: usize = 32;

words! {
    /// Where an account stands.
    AccountState {
        /// waits for its invitation to be accepted
        Invited = "invited",
        /// the invitation was not accepted in time
        Lapsed = "lapsed",
        /// in use
        Active = "active",
        /// closed
        Closed = "closed",
    }
}

words! {
    /// Whether a person holds the keys that the duties need.
    KeyState {
        /// no duty needs any
        NotNeeded = "not_needed",
        /// a colleague must let the person in
        Waiting = "waiting",
        /// all are held
        Held = "held",
    }
}

/// A running duty under its id.
#[derive(Debug, Clone, Copy)]
pub struct GivenDuty {
    /// The id of the duty.
    pub id: Uuid,
    /// The duty.
    pub duty: Duty,
}

/// A member of staff in the list.
#[derive(Debug)]
pub struct StaffMember {
    /// Who it is.
    pub person: Person,
    /// What they are.
    pub duties: Vec<GivenDuty>,
    /// Where the account stands.
    pub state: AccountState,
    /// Whether they hold their keys.
    pub keys: KeyState,
}

/// The staff of a school, with the classes their duties name.
#[derive(Debug)]
pub struct Staff {
    /// The people by name.
    pub members: Vec<StaffMember>,
    /// The classes of the school, youngest cohort first.
    pub classes: Vec<Class>,
}

/// One member of staff, for the page that changes the account.
#[derive(Debug)]
pub struct StaffDetail {
    /// The person.
    pub member: StaffMember,
    /// The classes of the school, youngest cohort first.
    pub classes: Vec<Class>,
    /// Until when the open invitation can be accepted, microseconds UTC.
    pub invited_until: Option<i64>,
    /// The open invitation carries office keys: another one in its place would lose them.
    pub carries_keys: bool,
    /// Nobody else holds the key of the counselling office: without this person only the recovery slips open it.
    pub last_keeper: bool,
    /// It is the viewer's own account.
    pub own: bool,
    /// When the background was checked last, `YYYY-MM-DD`.
    pub checked: Option<String>,
}

/// A person to be put on the staff.
#[derive(Debug, Clone, Default)]
pub struct NewPerson {
    /// The name to sign in with.
    pub login: String,
    /// The name colleagues see.
    pub name: String,
    /// The roles, each with its class where it is held for one.
    pub duties: Vec<(Role, Option<ClassId>)>,
    /// When the background of somebody from outside was checked.
    pub checked: Option<Date>,
}

/// An account that was just invited. The code is shown once and stands nowhere.
#[derive(Debug)]
pub struct Invited {
    /// Whose account it is.
    pub person: PersonId,
    /// The name to sign in with.
    pub login: String,
    /// The name colleagues see.
    pub name: String,
    /// The code to hand over.
    pub code: SecretString,
}

impl App {
    /// The staff of the school.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but an administrator.
    pub async fn staff(&self, viewer: &Viewer) -> Result<Staff> {
        let permit = self.staff_permit::<Read>(viewer).await?;
        let mut conn = self.db.read().await?;
        let staff = self.read_staff(&mut conn, viewer.person.school_id).await?;
        drop(conn);
        self.leave_trace(&permit, Event::StaffRead, "", &[]).await?;
        Ok(staff)
    }

    /// One member of staff.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but an administrator, or when there is no such person.
    pub async fn staff_member(&self, viewer: &Viewer, id: PersonId) -> Result<StaffDetail> {
        self.staff_permit::<Read>(viewer).await?;
        let school = viewer.person.school_id;
        let mut conn = self.db.read().await?;
        let Staff { members, classes } = self.read_staff(&mut conn, school).await?;
        let member = members.into_iter().find(|m| m.person.id == id).ok_or(Error::NotFound)?;
        let invitation = conn.invitation_of(id).await?;
        let keepers = conn.offices(school).await?.into_iter().find(|o| o.kind == OfficeKind::Counselling);
        let mut keepers_left = conn.members(school).await?;
        keepers_left.retain(|(office, _)| keepers.as_ref().is_some_and(|keeper| keeper.id == *office));
        Ok(StaffDetail {
            member,
            classes,
            invited_until: invitation.as_ref().map(|i| i.expires_at),
            carries_keys: invitation.is_some_and(|i| i.offices.is_some()),
            last_keeper: keepers_left.len() == 1 && keepers_left[0].1 == id,
            own: id == viewer.person.id,
            checked: conn.check_of(id).await?,
        })
    }

    async fn read_staff(&self, conn: &mut Conn, school: SchoolId) -> Result<Staff> {
        let now = self.now();
        let persons = conn.persons(school).await?;
        let given = conn.school_duties(school, now).await?;
        let classes = conn.classes(school).await?;
        let offices = conn.offices(school).await?;
        let members = conn.members(school).await?;
        let invitations = conn.invitations(school).await?;
        let describe = |person: Person| {
            let duties: Vec<GivenDuty> =
                given.iter().filter(|g| g.1 == person.id).map(|g| GivenDuty { id: g.0, duty: g.2 }).collect();
            let held: Vec<Duty> = duties.iter().map(|d| d.duty).collect();
            let mut needed = offices.iter().filter(|office| implies(&held, office)).peekable();
            let keys = if needed.peek().is_none() {
                KeyState::NotNeeded
            } else if needed.all(|office| members.contains(&(office.id, person.id))) {
                KeyState::Held
            } else {
                KeyState::Waiting
            };
            let open = invitations.iter().any(|(id, until)| *id == person.id && *until > now);
            let state = match (person.active, person.recipient.is_some(), open) {
                (false, ..) => AccountState::Closed,
                (true, true, _) => AccountState::Active,
                (true, false, true) => AccountState::Invited,
                (true, false, false) => AccountState::Lapsed,
            };
            StaffMember { person, duties, state, keys }
        };
        Ok(Staff { members: persons.into_iter().map(describe).collect(), classes })
    }

    /// Makes an account and its invitation, which carries no keys: whoever needs some is let in by a colleague.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field; [`Error::NotFound`] for anyone but an administrator.
    pub async fn create_person(&self, standing: &Standing, new: &NewPerson) -> Result<Invited> {
        let permit = self.permit::<Manage>(standing, Kind::Staff, standing.school.0).await?;
        let (login, name) = checked(new)?;
        let now = self.now();
        let id = PersonId(Uuid::now_v7());
        let mut tx = self.begin().await?;
        let mut duties = Vec::new();
        for (role, class) in &new.duties {
            duties.push(assignable(&mut tx, standing.school, *role, *class).await?);
        }
        let person = Person {
            id,
            school_id: standing.school,
            login: login.clone(),
            name: name.clone(),
            language: Language::ZhCn,
            active: true,
            recipient: None,
            recipient_mac: None,
            version: 1,
        };
        match tx.insert_person(&permit, &person, now).await {
            Err(error) if error.is_taken("login") => return Err(Error::field("login", "login-taken")),
            done => done?,
        }
        for duty in &duties {
            tx.insert_duty(&permit, id, duty, now).await?;
        }
        if let Some(day) = new.checked.filter(|_| duties.iter().any(|duty| duty.role == Role::ExternalHelper)) {
            self.put_check(&mut tx, &permit, id, day).await?;
        }
        let code = self.open_invitation(&mut tx, &permit, id, &[]).await?;
        tx.record_about(&permit, Event::PersonInvited, id.0, "", now).await?;
        tx.commit().await?;
        Ok(Invited { person: id, login, name, code: code.to_text() })
    }

    /// Gives a role. It brings no key: a colleague lets the person into the office.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a role that cannot be given, that the person has already, or that the viewer wants to have;
    /// [`Error::NotFound`] for anyone but an administrator.
    pub async fn give_duty(&self, viewer: &Viewer, id: PersonId, role: Role, class: Option<ClassId>) -> Result<()> {
        let permit = self.staff_permit::<Manage>(viewer).await?;
        if id == viewer.person.id {
            return Err(Error::field("role", "not-yourself"));
        }
        let now = self.now();
        let mut tx = self.begin().await?;
        let person = colleague(&mut tx, &permit, id).await?;
        if !person.active {
            return Err(Error::NotFound);
        }
        let duty = assignable(&mut tx, permit.school(), role, class).await?;
        let held = tx.duties(id, now).await?;
        if held.contains(&duty) {
            return Err(Error::field("role", "role-held"));
        }
        let outside = held.iter().chain([&duty]).any(|duty| duty.role == Role::ExternalHelper);
        if outside && !held.is_empty() {
            return Err(Error::field("role", "outside-alone"));
        }
        if outside && !self.is_checked(&mut tx, id).await? {
            return Err(Error::field("role", "check-first"));
        }
        tx.insert_duty(&permit, id, &duty, now).await?;
        tx.record_about(&permit, Event::DutyGiven, id.0, &described(&duty), now).await?;
        Ok(tx.commit().await?)
    }

    /// Ends a role. The person leaves the office it needed, unless another duty needs it too, and that office must be
    /// rotated; a helper's pairings end.
    ///
    /// # Errors
    /// [`Error::Invalid`] when an administrator would end the own administration; [`Error::NotFound`] for anyone but an
    /// administrator, or when the person has no such duty.
    pub async fn end_duty(&self, viewer: &Viewer, id: PersonId, duty: Uuid) -> Result<()> {
        let permit = self.staff_permit::<Manage>(viewer).await?;
        let now = self.now();
        let mut tx = self.begin().await?;
        let (_, ended) = tx.end_duty(&permit, duty, now).await?.filter(|d| d.0 == id).ok_or(Error::NotFound)?;
        if id == viewer.person.id && ended.role == Role::SysAdmin {
            return Err(Error::field("role", "not-yourself"));
        }
        let remaining = tx.duties(id, now).await?;
        self.leave_offices(&mut tx, &permit, id, &remaining).await?;
        let helps = matches!(ended.role, Role::Helper | Role::ExternalHelper);
        if helps && !remaining.iter().any(|duty| duty.role == ended.role) {
            self.end_help(&mut tx, &permit, id).await?;
        }
        if !remaining.iter().any(|duty| matches!(duty.role, Role::Counsellor | Role::MoralEdDirector)) {
            self.unname(&mut tx, &permit, id).await?;
        }
        if remaining.is_empty() {
            self.end_leads_of(&mut tx, &permit, id).await?;
        }
        // What was given as a counsellor ends with that; a class that changes its teacher is no reason.
        let is = |role| remaining.iter().any(|duty| duty.role == role);
        let gives_no_more = remaining.is_empty() || ended.role == Role::Counsellor && !is(Role::Counsellor);
        self.end_readings(&mut tx, &permit, |one| {
            one.person_id == id && !is(one.kind.reader()) || one.given_by == id && gives_no_more
        })
        .await?;
        tx.record_about(&permit, Event::DutyEnded, id.0, &described(&ended), now).await?;
        Ok(tx.commit().await?)
    }

    /// Invites a person again. If they had an identity it is destroyed with everything wrapped to it: a forgotten password
    /// leads to a new identity, which a colleague must let in as if it were new. Reopens a closed account.
    ///
    /// # Errors
    /// [`Error::Invalid`] for the own account; [`Error::NotFound`] for anyone but an administrator.
    pub async fn invite_again(&self, viewer: &Viewer, id: PersonId) -> Result<Invited> {
        let permit = self.staff_permit::<Manage>(viewer).await?;
        if id == viewer.person.id {
            return Err(Error::field("account", "not-yourself"));
        }
        self.invite_anew(&permit, id).await
    }

    /// Invites a person again as [`Self::invite_again`] does, for `yice person renew`: nobody needs to be signed in.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone but an administrator, or when there is no such person.
    pub async fn renew(&self, standing: &Standing, id: PersonId) -> Result<Invited> {
        let permit = self.permit::<Manage>(standing, Kind::Staff, standing.school.0).await?;
        self.invite_anew(&permit, id).await
    }

    async fn invite_anew(&self, permit: &Permit<Manage>, id: PersonId) -> Result<Invited> {
        let mut tx = self.begin().await?;
        let person = colleague(&mut tx, permit, id).await?;
        let event = if person.recipient.is_some() { Event::IdentityRenewed } else { Event::PersonInvited };
        self.take_keys_away(&mut tx, permit, id).await?;
        tx.set_active(permit, id, true).await?;
        let code = self.open_invitation(&mut tx, permit, id, &[]).await?;
        tx.record_about(permit, event, id.0, "", self.now()).await?;
        tx.commit().await?;
        Ok(Invited { person: id, login: person.login, name: person.name, code: code.to_text() })
    }

    /// Closes an account: its duties and sessions end, its keys are destroyed, and what it could open must be rotated.
    ///
    /// # Errors
    /// [`Error::Invalid`] for the own account; [`Error::NotFound`] for anyone but an administrator.
    pub async fn close_account(&self, viewer: &Viewer, id: PersonId) -> Result<()> {
        let permit = self.staff_permit::<Manage>(viewer).await?;
        if id == viewer.person.id {
            return Err(Error::field("account", "not-yourself"));
        }
        let now = self.now();
        let mut tx = self.begin().await?;
        colleague(&mut tx, &permit, id).await?;
        for (duty, person, _) in tx.school_duties(permit.school(), now).await? {
            if person == id {
                tx.end_duty(&permit, duty, now).await?;
            }
        }
        self.end_readings(&mut tx, &permit, |one| one.given_by == id).await?;
        self.take_keys_away(&mut tx, &permit, id).await?;
        tx.delete_invitation(&permit, id).await?;
        tx.set_active(&permit, id, false).await?;
        tx.record_about(&permit, Event::PersonClosed, id.0, "", now).await?;
        Ok(tx.commit().await?)
    }

    /// Destroys everything a person could open something with. What they could open so far must be rotated, because they
    /// may have kept copies.
    async fn take_keys_away(&self, tx: &mut Tx, permit: &Permit<Manage>, id: PersonId) -> Result<()> {
        self.leave_offices(tx, permit, id, &[]).await?;
        self.end_help(tx, permit, id).await?;
        self.end_leads_of(tx, permit, id).await?;
        self.unname(tx, permit, id).await?;
        tx.delete_wraps_of(permit, id).await?;
        tx.end_sessions(permit, id).await?;
        // With the identity the account is another one: whoever accepts the invitation brings an own second factor, or none.
        if tx.delete_second_factor(permit, id).await? {
            tx.record_about(permit, Event::TwoStepsOff, id.0, "", self.now()).await?;
        }
        Ok(tx.clear_account(permit, id).await?)
    }

    /// Ends the pairings of a helper, and destroys the wraps that came with them, and with those what the person reads by grant.
    async fn end_help(&self, tx: &mut Tx, permit: &Permit<Manage>, id: PersonId) -> Result<()> {
        self.end_readings(tx, permit, |one| one.person_id == id).await?;
        tx.mark_keys_held_by(permit, id).await?;
        tx.delete_shared_wraps_of(permit, id).await?;
        tx.owe_facts_of_helper(permit, id).await?;
        let ended = tx.end_pairings_of(permit, id).await?;
        if ended > 0 {
            let detail = format!("pairings={ended}");
            tx.record_about(permit, Event::PairingEnded, id.0, &detail, self.now()).await?;
        }
        Ok(())
    }

    async fn staff_permit<A: crate::policy::Act>(&self, viewer: &Viewer) -> Result<Permit<A>> {
        self.permit(&viewer.at_school(), Kind::Staff, viewer.person.school_id.0).await
    }
}

/// A person of the permit's school.
async fn colleague(conn: &mut Conn, permit: &Permit<Manage>, id: PersonId) -> Result<Person> {
    conn.person(id).await?.filter(|p| p.school_id == permit.school()).ok_or(Error::NotFound)
}

/// The duty, if it can be given: a role that can be given at a school or at the district, whichever this is, with a running class of this school exactly where it is held for one.
async fn assignable(conn: &mut Conn, school: SchoolId, role: Role, class: Option<ClassId>) -> Result<Duty> {
    let at = conn.school(school).await?.ok_or(Error::NotFound)?.kind;
    if !Role::assignable(at).contains(&role) {
        return Err(Error::field("role", "choose"));
    }
    let class = class.filter(|_| role.is_for_a_class());
    match class {
        None if role.is_for_a_class() => return Err(Error::field("class", "choose")),
        None => {}
        Some(id) => {
            let there = conn.class(id).await?.filter(|class| class.school_id == school && !class.closed);
            there.ok_or(Error::field("class", "choose"))?;
        }
    }
    Ok(Duty { role, school, class })
}

/// Sign-in name and name as they will stand.
fn checked(new: &NewPerson) -> Result<(String, String)> {
    let (login, name) = (new.login.trim().to_lowercase(), new.name.trim().to_owned());
    let mut problems = Vec::new();
    let mut wrong = |field, code| problems.push(FieldProblem { field, code });
    match name.chars().count() {
        0 => wrong("name", "required"),
        1..=NAME => {}
        _ => wrong("name", "too-long"),
    }
    let ordinary = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    match login.chars().count() {
        0 => wrong("login", "required"),
        2..=LOGIN if login.chars().all(ordinary) => {}
        _ => wrong("login", "login-invalid"),
    }
    if new.duties.is_empty() {
        wrong("role", "choose");
    }
    if new.duties.iter().any(|(role, _)| *role == Role::ExternalHelper) {
        if new.duties.len() > 1 {
            wrong("role", "outside-alone");
        }
        if new.checked.is_none() {
            wrong("checked", "required");
        }
    }
    if problems.is_empty() { Ok((login, name)) } else { Err(Error::Invalid(problems)) }
}

/// A duty in the words of an audit line.
fn described(duty: &Duty) -> String {
    let class = duty.class.map_or_else(String::new, |class| format!(" class={class}"));
    let office = office_of(duty).map_or("", |(kind, _)| kind.as_str());
    let office = if office.is_empty() { String::new() } else { format!(" office={office}") };
    format!("role={}{class}{office}", duty.role)
}

#[cfg(test)]
mod tests;
