//! The gate at its size: a report of many schools, the first and the last of an epoch; the page that shows what was published;
//! and counting every file of a school anew.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use jiff::ToSpan as _;
use secrecy::SecretString;
use uuid::Uuid;

use super::Bench;
use super::load::{self, Ask, Figures};
use super::seed::{self, PASSWORD, Seeded};
use super::server::Server;
use crate::domain::clock::{Clock, DAY, school_instant};
use crate::domain::gate::fact::{Fact, Tags};
use crate::domain::ids::{ClassId, PersonId, SchoolId, StudentId};
use crate::domain::relation::{Duty, Facts, Standing};
use crate::domain::warning::{Severity, Stage};
use crate::domain::words::{GroupTag, Kind, Role, Sex};
use crate::policy::{Report, Write};
use crate::service::{App, KdfGate};
use crate::store::{Class, StudentMacs};
use crate::vault::{Kdf, KdfParams};

/// Schools, unless others are asked for.
const SCHOOLS: usize = 200;
/// Counted files of a school.
const FILES: usize = 1_500;
/// Students on the roll of a school: the roll is not what costs.
const ROLL: i64 = 120;
/// One file in so many has a running warning.
const WARNED: usize = 20;

/// Makes the schools, publishes the first and the last report of an epoch, and counts a school anew.
pub async fn measure(app: &mut App, args: &Bench, folder: &Path) -> Result<Seeded> {
    app.kdf = KdfGate::new(Kdf::new(KdfParams { memory_kib: 64, time: 1, lanes: 1 })?, 2);
    let seeded = seed::school(app, args).await.context("seeding the school")?;
    let session = app.sign_in(&seeded.counsellors[0], SecretString::from(PASSWORD), "127.0.0.1").await?;
    let counsellor = app.viewer(&session.token).await?;
    let started = Instant::now();
    let counted = app.count_anew(&counsellor, |_, _| {}).await?;
    println!("count {counted} files of a school anew | {:.2} s | target 2 s", started.elapsed().as_secs_f64());

    let schools = args.schools.unwrap_or(SCHOOLS);
    for n in 0..schools {
        let school = app.found_school(&format!("第{}学校", n + 1)).await?.id;
        enrol(app, school).await?;
        count(app, school).await?;
    }
    println!("seeded: {schools} schools with {FILES} counted files each");
    // The reports of an epoch, the first 23 months ago: the last one is now, and has the most noise to make.
    let today = app.clock.today();
    let begins = today.first_of_month().saturating_sub(23.months());
    app.clock = Clock::fixed(school_instant(begins, 8 * 60));
    for (report, months) in [(1, 0), (2, 1), (24, 22)] {
        let day = app.clock.today().saturating_add(months.months());
        app.clock.advance(school_instant(day, 8 * 60) - app.clock.now());
        let started = Instant::now();
        let published = app.publish_what_is_due(folder, true).await?.context("nothing was published")?;
        anyhow::ensure!(published.report == report, "report {} was published", published.report);
        println!(
            "publish report {report} of {} schools and all together | {:.2} s | target 5 s",
            published.scopes - 1,
            started.elapsed().as_secs_f64()
        );
    }
    app.clock = Clock::System;
    anyhow::ensure!(app.now() > DAY, "the clock of the machine");
    Ok(seeded)
}

/// The page that shows it.
pub fn pages(server: &Server, seeded: &Seeded, span: Duration) -> Result<()> {
    println!("\n{}", Figures::header());
    let people = load::sign_in_all(server, seeded)?;
    for path in ["/statistics", "/statistics.xlsx"] {
        let (figures, cpu) = load::drive(server, &people, &Ask::get(1, vec![path.to_owned()]), 1, span)?;
        println!("{}", figures.row(path, 1, cpu, server.memory()?));
    }
    Ok(())
}

/// A class of so many students.
async fn enrol(app: &App, school: SchoolId) -> Result<()> {
    let standing = Standing::installation(school);
    let roster = app.permit::<Report>(&standing, Kind::Roster, school.0).await?;
    let mut tx = app.begin_long().await?;
    let class = Class { id: ClassId(Uuid::now_v7()), school_id: school, cohort: 2024, number: 1, closed: false };
    tx.insert_class(&roster, &class, 0).await?;
    for _ in 0..ROLL {
        let mac = || Uuid::new_v4().as_bytes().to_vec();
        let (identity_mac, number_mac, person_mac, row_mac) = (mac(), mac(), mac(), mac());
        let id = StudentId(Uuid::now_v7());
        let macs = StudentMacs { id, class_id: class.id, identity_mac, number_mac, person_mac, row_mac };
        tx.insert_student(&roster, &macs, 0).await?;
    }
    Ok(tx.commit().await?)
}

/// The facts of so many files.
async fn count(app: &App, school: SchoolId) -> Result<()> {
    let duty = Duty { role: Role::MoralEdDirector, school, class: None };
    let standing = Standing::of(PersonId(Uuid::nil()), &[duty], &Facts::school(school));
    let permit = app.permit::<Write>(&standing, Kind::Circumstance, school.0).await?;
    let key = app.secret.fact_key();
    let mut rows = Vec::new();
    for n in 0..FILES {
        let tags: Tags = [GroupTag::ALL[n % 8], GroupTag::ALL[n % 3]].into_iter().collect();
        let (cohort, sex) = (2024, Sex::ALL[n % 2]);
        let mut facts = vec![Fact::Groups { tags, cohort, sex }, Fact::Unaided { tags, from: None }, Fact::Visit(None)];
        if n % WARNED == 0 {
            facts.extend([Fact::Risk { level: Severity::High, cohort }, Fact::Step(Stage::Acting)]);
        }
        for fact in facts {
            let id = Uuid::new_v4();
            rows.push((id, key.seal(school, id, &fact)?));
        }
    }
    let mut tx = app.begin_long().await?;
    tx.put_facts(&permit, &rows, &[]).await?;
    Ok(tx.commit().await?)
}
