//! The people of the demonstration. All are invented.

use secrecy::{ExposeSecret as _, SecretString};

use crate::cli::Failure;
use crate::domain::ids::{ClassId, PersonId};
use crate::domain::relation::Duty;
use crate::domain::words::Role;
use crate::service::{App, FoundedDistrict, FoundedSchool, Viewer};

/// The school of the bundled roster.
pub const SCHOOL: &str = "柳溪镇初级中学";

/// The district above it.
pub const DISTRICT: &str = "柳溪县教育局";

/// Role, sign-in name, name.
const PEOPLE: [(Role, &str, &str); 7] = [
    (Role::Counsellor, "counsellor", "李婷"),
    (Role::HomeroomTeacher, "homeroom", "张伟"),
    (Role::MoralEdDirector, "director", "王建国"),
    (Role::SchoolLeader, "leader", "陈敏"),
    (Role::SysAdmin, "admin", "刘洋"),
    (Role::PrivacyOfficer, "privacy", "赵静"),
    (Role::Helper, "helper", "孙丽"),
];

/// A member of the demonstration's staff.
pub struct Colleague {
    /// What they are.
    pub role: Role,
    /// Who it is.
    pub id: PersonId,
    login: &'static str,
    password: SecretString,
}

impl Colleague {
    /// For programs and people: role, sign-in name, password.
    #[must_use]
    pub fn line(&self) -> String {
        format!("{}\t{}\t{}", self.role, self.login, self.password.expose_secret())
    }

    /// Signs the person in, for what they write into the demonstration.
    ///
    /// # Errors
    /// The database.
    pub async fn sign_in(&self, app: &App) -> Result<Viewer, Failure> {
        let session = app.sign_in(self.login, self.password.clone(), "127.0.0.1").await?;
        Ok(app.viewer(&session.token).await?)
    }
}

/// Who of the staff has a role.
///
/// # Errors
/// Nobody.
pub fn of(staff: &[Colleague], role: Role) -> Result<&Colleague, Failure> {
    let found = staff.iter().find(|one| one.role == role);
    found.ok_or_else(|| Failure::Other(anyhow::anyhow!("no {role} among the staff")))
}

/// Makes the accounts. The counsellor and the director hold their offices' keys from the founding on, as in a real school
/// after their invitations; everybody else is let in by the counsellor.
///
/// # Errors
/// The database, or no random bytes.
pub async fn hire(app: &App, founded: &FoundedSchool, class: ClassId) -> Result<Vec<Colleague>, Failure> {
    let mut hired = Vec::with_capacity(PEOPLE.len());
    for (role, login, name) in PEOPLE {
        let duty = Duty { role, school: founded.id, class: role.is_for_a_class().then_some(class) };
        let offices = match role {
            Role::Counsellor => vec![&founded.counselling],
            Role::MoralEdDirector => vec![&founded.moral_ed],
            _ => Vec::new(),
        };
        let password = readable_password()?;
        let id = app.found_person(founded.id, login, name, password.clone(), &[duty], &offices).await?;
        hired.push(Colleague { role, id, login, password });
    }
    Ok(hired)
}

/// The district's officer, who holds the key of its office from the founding on.
///
/// # Errors
/// The database, or no random bytes.
pub async fn hire_officer(app: &App, district: &FoundedDistrict) -> Result<Colleague, Failure> {
    let role = Role::DistrictOfficer;
    let duty = Duty { role, school: district.id, class: None };
    let (login, password) = ("officer", readable_password()?);
    let id = app.found_person(district.id, login, "周岚", password.clone(), &[duty], &[&district.office]).await?;
    Ok(Colleague { role, id, login, password })
}

/// Four words of two syllables such as `kamo-tire-dusa-pelu`: 48 random bits that can be read aloud and typed.
fn readable_password() -> Result<SecretString, Failure> {
    const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstwz";
    const VOWELS: &[u8; 4] = b"aeiu";
    let mut random = [0_u8; 8];
    getrandom::fill(&mut random).map_err(|_| crate::vault::Error::Random)?;
    let mut text = String::with_capacity(19);
    for (position, byte) in random.iter().enumerate() {
        if position > 0 && position % 2 == 0 {
            text.push('-');
        }
        text.push(char::from(CONSONANTS[usize::from(byte & 15)]));
        text.push(char::from(VOWELS[usize::from(byte >> 4 & 3)]));
    }
    Ok(text.into())
}
