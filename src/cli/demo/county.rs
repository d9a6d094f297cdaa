//! What the district of the demonstration and its school have with each other: a joint meeting with a decision, and a supervision.

use jiff::ToSpan as _;

use super::staff::{self, Colleague};
use crate::cli::Failure;
use crate::domain::county::{AnswerState, HalfYear, Topic};
use crate::domain::ids::SchoolId;
use crate::domain::words::Role;
use crate::service::{App, NewDecision, NewJointMeeting, NewSupervision, fresh_form};

const AGENDA: &str = "交流家访和结对帮扶的做法，商定放假前的工作。";
const EXPERIENCE: &str =
    "家访前先和家长约时间，进门先说孩子的长处，再谈需要配合的事。回来当天写下约定，两周后再打一次电话。";
const DECISION: &str = "放假前走访所有还没有走访过的家庭，路远的安排两位老师同行。";
const NOTE: &str = "请说明本学期家访的安排和教师培训的情况，有困难可以直接写出来。";
const ANSWER: &str = "每班的家访表已经排好，每周走访三户，期末前可以走完。";

/// The officer calls the meeting, a director tells of what worked, something is decided; and the officer asks for two topics, one
/// of which is answered.
///
/// # Errors
/// The database.
pub async fn write(app: &App, school: SchoolId, officer: &Colleague, staff: &[Colleague]) -> Result<(), Failure> {
    let (officer, director) =
        (officer.sign_in(app).await?, staff::of(staff, Role::MoralEdDirector)?.sign_in(app).await?);
    let (officer, director) = (&officer, &director);
    let today = app.clock.today();
    let (half, schools) = (HalfYear::of(today), vec![school]);
    let (day, agenda) = (today.saturating_add(7.days()), AGENDA.to_owned());
    let meeting = NewJointMeeting { form: fresh_form(), half, day, schools: schools.clone(), agenda };
    let meeting = app.call_meeting(officer, &meeting).await?;
    app.write_experience(director, meeting, EXPERIENCE, 0).await?;
    let (owner, due, text) = (Role::SchoolLeader, today.saturating_add(1.months()), DECISION.to_owned());
    let decision = NewDecision { form: fresh_form(), school, owner, due, text };
    app.decide_jointly(officer, meeting, &decision).await?;
    let (topics, due, note) = (vec![Topic::Visits, Topic::Training], today.saturating_add(14.days()), NOTE.to_owned());
    let supervision = NewSupervision { form: fresh_form(), half, topics, due, schools, note };
    let supervision = app.open_supervision(officer, &supervision).await?;
    app.answer_topic(director, supervision, Topic::Visits, AnswerState::UnderWay, ANSWER, 1).await?;
    for viewer in [officer, director] {
        app.sign_out(viewer, None).await?;
    }
    Ok(())
}
