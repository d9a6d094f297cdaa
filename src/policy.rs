//! Who may do what. casbin decides; this file asks it once for every word and keeps the answers in a table.
//!
//! A request is four closed words: role, relation, kind, action. The words are finite, so the whole policy is a table that
//! is printed to `policies/matrix.snap` and reviewed like code. [`Policy::permit`] is the only maker of [`Permit`], and
//! every write of the store and every open of the vault asks for one: a forgotten check does not compile.

use std::fmt::Write as _;
use std::marker::PhantomData;

use casbin::{CoreApi, DefaultModel, Enforcer, StringAdapter};
use uuid::Uuid;

use crate::domain::ids::{PersonId, SchoolId};
use crate::domain::relation::Standing;
use crate::domain::routing;
use crate::domain::warning::Severity;
use crate::domain::words::{Action, Kind, Relation, Role};

const MODEL: &str = include_str!("../policies/model.conf");
const RULES: &str = include_str!("../policies/policy.csv");

/// A policy that cannot be loaded: the program must not start with it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A line of `policy.csv` that is not `p` and four known words.
    #[error("policies/policy.csv line {line}: {problem}")]
    Rule {
        /// 1-based line number.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// The routing table would send something to a role that may not have it.
    #[error("domain/routing.rs tells {role} of a warning of level {severity}, and the policy does not allow it")]
    Route {
        /// The level.
        severity: Severity,
        /// The role.
        role: Role,
    },
    /// casbin refused the model or a request.
    #[error("casbin: {0}")]
    Casbin(#[from] casbin::Error),
}

/// The act that a [`Permit`] allows, as a type.
pub trait Act: sealed::Sealed {
    /// The policy word of this act.
    const ACTION: Action;
}

/// An act that lets its holder see what stands in a compartment.
pub trait Opens: Act {}

/// An act that brings roster rows in without reading what is there: by a teacher, or by the installation's command.
pub trait TakesIn: Act {}

mod sealed {
    pub trait Sealed {}
}

macro_rules! acts {
    ($($(#[$doc:meta])* $name:ident: $action:ident $(, $also:ident)*;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;
        impl sealed::Sealed for $name {}
        impl Act for $name { const ACTION: Action = Action::$action; }
        $(impl $also for $name {})*
    )+};
}

acts! {
    /// Reading.
    Read: Read, Opens;
    /// Changing, which includes seeing what is changed.
    Write: Write, Opens;
    /// Adding a line.
    Append: Append;
    /// Writing a sealed record that the writer cannot read back.
    Report: Report, TakesIn;
    /// Taking in a roster.
    Import: Import, TakesIn;
    /// Making, changing and ending things of the house.
    Manage: Manage;
    /// Letting a colleague into an office.
    Admit: Admit;
    /// Giving the second signature, which includes seeing what is signed.
    Sign: Sign, Opens;
}

/// Proof that policy allowed this person this act on this object. Made by [`Policy::permit`] only.
#[derive(Debug)]
pub struct Permit<A: Act> {
    actor: PersonId,
    school: SchoolId,
    role: Role,
    relation: Relation,
    kind: Kind,
    object: Uuid,
    act: PhantomData<A>,
}

impl<A: Act> Permit<A> {
    /// Who was allowed.
    #[must_use]
    pub const fn actor(&self) -> PersonId {
        self.actor
    }
    /// The school of the object.
    #[must_use]
    pub const fn school(&self) -> SchoolId {
        self.school
    }
    /// In which role the person acts; the audit line says it.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }
    /// In which relation the person stands to the object.
    #[must_use]
    pub const fn relation(&self) -> Relation {
        self.relation
    }
    /// What kind of thing it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }
    /// The act, as a word.
    #[must_use]
    pub const fn action(&self) -> Action {
        A::ACTION
    }
    /// The one object it is valid for: a student, a class, a school, a person.
    #[must_use]
    pub const fn object(&self) -> Uuid {
        self.object
    }
}

/// A refusal, with the words that the audit line records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{role:?} may not {action} {kind}")]
pub struct Refused {
    /// The first role the person holds, if any.
    pub role: Option<Role>,
    /// The closest relation in which that role stood.
    pub relation: Relation,
    /// What was asked for.
    pub kind: Kind,
    /// What was to be done.
    pub action: Action,
    /// The object asked for.
    pub object: Uuid,
}

const SIZE: usize = Role::ALL.len() * Relation::ALL.len() * Kind::ALL.len() * Action::ALL.len();

const fn at(role: Role, relation: Relation, kind: Kind, action: Action) -> usize {
    ((role.index() * Relation::ALL.len() + relation.index()) * Kind::ALL.len() + kind.index()) * Action::ALL.len()
        + action.index()
}

/// The answers of casbin, one for each possible request.
pub struct Policy {
    answers: Vec<bool>,
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Policy({} of {SIZE} allowed)", self.answers.iter().filter(|a| **a).count())
    }
}

impl Policy {
    /// Loads the policy that was compiled in, and compares the routing table of warnings with it.
    ///
    /// # Errors
    /// A rule with an unknown word, a model that casbin refuses, or a route that the policy does not allow.
    pub async fn load() -> Result<Self, Error> {
        let policy = Self::from_text(MODEL, RULES).await?;
        match routing::astray(|role, relation, kind, action| policy.allows(role, relation, kind, action)) {
            Some((severity, role)) => Err(Error::Route { severity, role }),
            None => Ok(policy),
        }
    }

    /// Loads a policy from the text of a model and of its rules, and asks casbin for every possible request.
    ///
    /// casbin walks the rules of a request one by one, so each role gets an enforcer with its own rules only: the answers
    /// are the same (the matcher demands equal roles) and the start is an order of magnitude faster.
    ///
    /// # Errors
    /// A rule with an unknown word, or a model that casbin refuses.
    pub async fn from_text(model: &str, rules: &str) -> Result<Self, Error> {
        check_words(rules)?;
        let mut answers = vec![false; SIZE];
        for role in Role::ALL {
            let prefix = format!("p, {role},");
            let own: Vec<&str> = rules.lines().filter(|line| line.starts_with(&prefix)).collect();
            let enforcer = enforcer(model, &own.join("\n")).await?;
            for (relation, kind, action) in requests() {
                let asked = (role.as_str(), relation.as_str(), kind.as_str(), action.as_str());
                answers[at(*role, relation, kind, action)] = enforcer.enforce(asked)?;
            }
        }
        Ok(Self { answers })
    }

    /// Whether this role, standing in this relation, may do this.
    #[must_use]
    pub fn allows(&self, role: Role, relation: Relation, kind: Kind, action: Action) -> bool {
        self.answers[at(role, relation, kind, action)]
    }

    /// Whether the person may do this, without making a permit: for deciding what a page offers.
    #[must_use]
    pub fn may(&self, standing: &Standing, kind: Kind, action: Action) -> bool {
        !refuses(standing, kind, action)
            && standing.pairs.iter().any(|(role, relation)| self.allows(*role, *relation, kind, action))
    }

    /// Asks for permission; the only place where a [`Permit`] is made.
    ///
    /// # Errors
    /// [`Refused`] when none of the person's roles allows it.
    pub fn permit<A: Act>(&self, standing: &Standing, kind: Kind, object: Uuid) -> Result<Permit<A>, Refused> {
        let mut pairs = standing.pairs.iter().filter(|_| !refuses(standing, kind, A::ACTION));
        let allowed = pairs.find(|(role, relation)| self.allows(*role, *relation, kind, A::ACTION));
        let Some(&(role, relation)) = allowed else {
            let first = standing.pairs.first();
            let relation = first.map_or(Relation::None, |pair| pair.1);
            return Err(Refused { role: first.map(|pair| pair.0), relation, kind, action: A::ACTION, object });
        };
        Ok(Permit { actor: standing.actor, school: standing.school, role, relation, kind, object, act: PhantomData })
    }

    /// The whole table as text: what `policies/matrix.snap` holds and `yice policy matrix` prints.
    #[must_use]
    pub fn matrix(&self) -> String {
        let mut out = String::from("role              relation      kind          may\n");
        for role in Role::ALL {
            for relation in Relation::ALL {
                for kind in Kind::ALL {
                    let may = Action::ALL.iter().filter(|action| self.allows(*role, *relation, *kind, **action));
                    let may: Vec<&str> = may.map(|action| action.as_str()).collect();
                    if !may.is_empty() {
                        let (role, relation, kind) = (role.as_str(), relation.as_str(), kind.as_str());
                        let _ = writeln!(out, "{role:<17} {relation:<13} {kind:<13} {}", may.join(" "));
                    }
                }
            }
        }
        out
    }
}

/// What no rule can allow: anything about a child to people of the district, and of a file that was sealed away anything but what
/// stays.
const fn refuses(standing: &Standing, kind: Kind, action: Action) -> bool {
    (standing.childless && kind.is_of_a_child()) || (standing.sealed && !stays(kind, action))
}

/// What stays of a file that was sealed away: its place on the roster, which is the class's; its keeping; and that somebody worries
/// about the student and says so to the counselling office, without reading anything.
const fn stays(kind: Kind, action: Action) -> bool {
    match kind {
        Kind::Roster | Kind::Erasure => true,
        Kind::Warning => matches!(action, Action::Report),
        _ => false,
    }
}

/// Every request of one role.
fn requests() -> impl Iterator<Item = (Relation, Kind, Action)> {
    Relation::ALL.iter().flat_map(|relation| {
        let actions = move |kind: &'static Kind| Action::ALL.iter().map(move |action| (*relation, *kind, *action));
        Kind::ALL.iter().flat_map(actions)
    })
}

async fn enforcer(model: &str, rules: &str) -> Result<Enforcer, Error> {
    let model = DefaultModel::from_str(model).await?;
    Ok(Enforcer::new(model, StringAdapter::new(rules)).await?)
}

/// Refuses a word that no enum knows: casbin would treat it as "never matches" and stay silent.
fn check_words(rules: &str) -> Result<(), Error> {
    for (number, line) in rules.lines().enumerate() {
        let text = line.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let refuse = |problem: &str| Error::Rule { line: number + 1, problem: problem.to_owned() };
        let words: Vec<&str> = text.split(", ").collect();
        let [p, role, relation, kind, action] = words[..] else {
            return Err(refuse("expected `p, role, relation, kind, action`"));
        };
        if p != "p" || line != text {
            return Err(refuse("a rule starts with `p` in the first column"));
        }
        Role::parse(role).ok_or_else(|| refuse("unknown role"))?;
        Relation::parse(relation).ok_or_else(|| refuse("unknown relation"))?;
        Kind::parse(kind).ok_or_else(|| refuse("unknown kind"))?;
        Action::parse(action).ok_or_else(|| refuse("unknown action"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
