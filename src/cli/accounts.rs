//! The first accounts of a school, and how accounts are written on a line.

use secrecy::{ExposeSecret as _, SecretString};

use super::Failure;
use crate::domain::ids::SchoolId;
use crate::domain::relation::Standing;
use crate::domain::words::Role;
use crate::service::{App, Error, FoundedDistrict, FoundedSchool, NewPerson};
use crate::vault::OfficeKey;

/// An account that waits for its owner.
#[derive(Debug)]
pub struct Waiting {
    role: Role,
    login: String,
    code: SecretString,
}

impl Waiting {
    /// For programs: role, sign-in name and code, separated by tabs.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{}\t{}\t{}", self.role, self.login, self.code.expose_secret())
    }
}

/// Invites those with whom a school begins: an administrator, who makes all other accounts, and a counsellor, whose code
/// carries the key of the counselling office, because no colleague is there yet to hand it over.
///
/// # Errors
/// The database.
pub async fn first_people(app: &App, founded: &FoundedSchool) -> Result<[Waiting; 2], Failure> {
    Ok([
        invite_first(app, founded.id, (Role::SysAdmin, "admin", "管理员"), &[]).await?,
        invite_first(
            app,
            founded.id,
            (Role::Counsellor, "counsellor", "心理教师"),
            std::slice::from_ref(&founded.counselling),
        )
        .await?,
    ])
}

/// Invites those with whom a district begins: an administrator, and an officer whose code carries the key of its office.
///
/// # Errors
/// The database.
pub async fn first_officers(app: &App, founded: &FoundedDistrict) -> Result<[Waiting; 2], Failure> {
    let office = std::slice::from_ref(&founded.office);
    Ok([
        invite_first(app, founded.id, (Role::SysAdmin, "district-admin", "管理员"), &[]).await?,
        invite_first(app, founded.id, (Role::DistrictOfficer, "officer", "教育局工作人员"), office).await?,
    ])
}

async fn invite_first(
    app: &App,
    school: SchoolId,
    (role, login, name): (Role, &str, &str),
    offices: &[OfficeKey],
) -> Result<Waiting, Failure> {
    let standing = Standing::installation(school);
    // Sign-in names are of the installation, not of the school: the second school's administrator is `admin2`.
    let mut number = 1;
    let invited = loop {
        let login = if number == 1 { login.to_owned() } else { format!("{login}{number}") };
        let new = NewPerson { login, name: name.to_owned(), duties: vec![(role, None)], checked: None };
        match app.create_person(&standing, &new).await {
            Err(Error::Invalid(problems)) if problems.iter().any(|p| p.code == "login-taken") => number += 1,
            done => break done?,
        }
    };
    let code = match offices {
        [] => invited.code,
        offices => app.invite_with_offices(&standing, invited.person, offices).await?.to_text(),
    };
    Ok(Waiting { role, login: invited.login, code })
}
