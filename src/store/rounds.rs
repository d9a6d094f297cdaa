//! One round over everything that is past its time, of all schools at once: what it reads and writes, in a few statements.
//!
//! A statement for each due time is a trip to the database for each; at the end of a day hundreds become due together.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::people::DutyRow;
use super::postgres::Params;
use super::{Conn, Error, Inner, Notice, Result, Tx, answer, row, sql, sql_all, sqlite};
use crate::domain::audit::{Event, Line, Outcome};
use crate::domain::ids::{ClassId, DeadlineId, PersonId, SchoolId, StudentId};
use crate::domain::outside::Channel;
use crate::domain::relation::Duty;
use crate::domain::words::{Kind, Relation};
use crate::vault::chain;

/// What one statement takes at most; places that are not needed are null and left out.
const TOGETHER: usize = 32;

/// What must be known of the schools where something is past its time.
#[derive(Debug)]
pub struct Surroundings {
    /// Who has which duty.
    pub duties: Vec<(PersonId, Duty)>,
    /// The classes of the students.
    pub classes: Vec<(StudentId, ClassId)>,
    /// The first and the last day of each term.
    pub terms: Vec<SchoolDay>,
    /// The days that are not what their weekday says.
    pub days: Vec<SchoolDay>,
    /// Who takes over what in which holiday.
    pub handovers: Vec<TakenOver>,
    /// The ways out of the schools.
    pub ways: Vec<(SchoolId, Channel)>,
}

row! {
    /// A day of a school, and a second word about it: the last day of a term, or what the day is.
    #[derive(Debug)]
    pub struct SchoolDay {
        /// The school.
        pub school_id: SchoolId as Uuid,
        /// `YYYY-MM-DD`
        pub day: String,
        /// `YYYY-MM-DD`, or the code of a [`DayKind`](crate::domain::calendar::DayKind).
        pub more: String,
    }
}

row! {
    /// Who takes over a case in a holiday.
    #[derive(Debug)]
    pub struct TakenOver {
        /// The school.
        pub school_id: SchoolId as Uuid,
        /// The first day of the holiday, `YYYY-MM-DD`.
        pub holiday: String,
        /// A warning, or a due time that belongs to none.
        pub subject: Uuid,
        /// Who looks after it.
        pub taker: PersonId as Uuid,
    }
}

row! {
    struct WayRow {
        school_id: SchoolId as Uuid,
        kind: Channel as String,
    }
}

impl Conn {
    /// What must be known of the schools where a due time is past its next reminder.
    ///
    /// # Errors
    /// The database.
    pub async fn surroundings_of_due(&mut self, now: i64) -> Result<Surroundings> {
        let (duties, classes, terms, days, handovers, ways) = sql_all!(
            self,
            [now],
            DutyRow: "SELECT id, person_id, school_id, role, class_id FROM duties
             WHERE school_id IN (SELECT school_id FROM deadlines WHERE next_at <= $1 AND done_at IS NULL)
             AND since <= $1 AND (until IS NULL OR until > $1) ORDER BY since, id",
            (Uuid, Uuid): "SELECT id, class_id FROM students
             WHERE id IN (SELECT student_id FROM deadlines WHERE next_at <= $1 AND done_at IS NULL)",
            SchoolDay: "SELECT school_id, starts AS day, ends AS more FROM terms
             WHERE school_id IN (SELECT school_id FROM deadlines WHERE next_at <= $1 AND done_at IS NULL)",
            SchoolDay: "SELECT school_id, day, kind AS more FROM days
             WHERE school_id IN (SELECT school_id FROM deadlines WHERE next_at <= $1 AND done_at IS NULL)",
            TakenOver: "SELECT school_id, holiday, subject, taker FROM handovers
             WHERE school_id IN (SELECT school_id FROM deadlines WHERE next_at <= $1 AND done_at IS NULL)",
            WayRow: "SELECT school_id, kind FROM channels
             WHERE school_id IN (SELECT school_id FROM deadlines WHERE next_at <= $1 AND done_at IS NULL)",
        )?;
        let (duties, ways): (Vec<DutyRow>, Vec<WayRow>) = (duties, ways);
        let classes: Vec<(Uuid, Uuid)> = classes;
        Ok(Surroundings {
            duties: duties.iter().map(|row| (row.person(), row.duty())).collect(),
            classes: classes.into_iter().map(|(student, class)| (StudentId(student), ClassId(class))).collect(),
            terms,
            days,
            handovers,
            ways: ways.into_iter().map(|way| (way.school_id, way.kind)).collect(),
        })
    }
}

/// Sends one of the texts below: `$rows` as the arguments of [`TOGETHER`] rows behind `$first`.
macro_rules! together {
    ($tx:expr, $row:ty, $text:expr, [$($first:expr),*], $rows:expr, [$($column:expr),+ $(,)?]) => {
        match &mut $tx.inner {
            Inner::Sqlite(lease) => {
                let query = sqlx::query(lease.text(sqlite::texts!($text)))$(.bind($first))*;
                let query = (0..TOGETHER).fold(query, |query, place| {
                    let row = $rows.get(place);
                    query$(.bind(row.map($column)))+
                });
                lease.ask(query).await.and_then(|answers| answer::fetch_all::<_, $row>(&answers))
            }
            Inner::Postgres(lent) => {
                let params = Params::default()$(.bind($first))*;
                let params = (0..TOGETHER).fold(params, |params, place| {
                    let row = $rows.get(place);
                    params$(.bind(row.map($column)))+
                });
                lent.ask(&[$text], &params).await.and_then(|answers| answer::fetch_all::<_, $row>(&answers))
            }
        }
    };
}

macro_rules! move_on {
    () => {
        "UPDATE deadlines SET rung = $1, next_at = $2 WHERE rung = $3 AND done_at IS NULL AND id IN (
                 $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
                 $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35) RETURNING id"
    };
}

macro_rules! leave {
    () => {
        "INSERT INTO notices (id, school_id, person_id, place, made_at) SELECT v.* FROM (VALUES
                 ($1, $2, $3, $4, $5), ($6, $7, $8, $9, $10), ($11, $12, $13, $14, $15), ($16, $17, $18, $19, $20),
                 ($21, $22, $23, $24, $25), ($26, $27, $28, $29, $30), ($31, $32, $33, $34, $35),
                 ($36, $37, $38, $39, $40), ($41, $42, $43, $44, $45), ($46, $47, $48, $49, $50),
                 ($51, $52, $53, $54, $55), ($56, $57, $58, $59, $60), ($61, $62, $63, $64, $65),
                 ($66, $67, $68, $69, $70), ($71, $72, $73, $74, $75), ($76, $77, $78, $79, $80),
                 ($81, $82, $83, $84, $85), ($86, $87, $88, $89, $90), ($91, $92, $93, $94, $95),
                 ($96, $97, $98, $99, $100), ($101, $102, $103, $104, $105), ($106, $107, $108, $109, $110),
                 ($111, $112, $113, $114, $115), ($116, $117, $118, $119, $120), ($121, $122, $123, $124, $125),
                 ($126, $127, $128, $129, $130), ($131, $132, $133, $134, $135), ($136, $137, $138, $139, $140),
                 ($141, $142, $143, $144, $145), ($146, $147, $148, $149, $150), ($151, $152, $153, $154, $155),
                 ($156, $157, $158, $159, $160)) AS v
             WHERE v.column1 IS NOT NULL"
    };
}

macro_rules! move_heads {
    () => {
        "INSERT INTO audit_heads (school_id, seq, hash) SELECT v.column1, v.column2, $1 FROM (VALUES
                 ($2, $3), ($4, $5), ($6, $7), ($8, $9), ($10, $11), ($12, $13), ($14, $15), ($16, $17), ($18, $19),
                 ($20, $21), ($22, $23), ($24, $25), ($26, $27), ($28, $29), ($30, $31), ($32, $33), ($34, $35),
                 ($36, $37), ($38, $39), ($40, $41), ($42, $43), ($44, $45), ($46, $47), ($48, $49), ($50, $51),
                 ($52, $53), ($54, $55), ($56, $57), ($58, $59), ($60, $61), ($62, $63), ($64, $65)) AS v
             WHERE v.column1 IS NOT NULL
             ON CONFLICT (school_id) DO UPDATE SET seq = audit_heads.seq + excluded.seq RETURNING school_id, seq, hash"
    };
}

macro_rules! put_lines {
    () => {
        "INSERT INTO audit_lines (at, actor, role, relation, kind, event, outcome, school_id, seq, object, detail, hash)
             SELECT $1, $2, '', $3, $4, $5, $6, v.* FROM (VALUES
                 ($7, $8, $9, $10, $11), ($12, $13, $14, $15, $16), ($17, $18, $19, $20, $21),
                 ($22, $23, $24, $25, $26), ($27, $28, $29, $30, $31), ($32, $33, $34, $35, $36),
                 ($37, $38, $39, $40, $41), ($42, $43, $44, $45, $46), ($47, $48, $49, $50, $51),
                 ($52, $53, $54, $55, $56), ($57, $58, $59, $60, $61), ($62, $63, $64, $65, $66),
                 ($67, $68, $69, $70, $71), ($72, $73, $74, $75, $76), ($77, $78, $79, $80, $81),
                 ($82, $83, $84, $85, $86), ($87, $88, $89, $90, $91), ($92, $93, $94, $95, $96),
                 ($97, $98, $99, $100, $101), ($102, $103, $104, $105, $106), ($107, $108, $109, $110, $111),
                 ($112, $113, $114, $115, $116), ($117, $118, $119, $120, $121), ($122, $123, $124, $125, $126),
                 ($127, $128, $129, $130, $131), ($132, $133, $134, $135, $136), ($137, $138, $139, $140, $141),
                 ($142, $143, $144, $145, $146), ($147, $148, $149, $150, $151), ($152, $153, $154, $155, $156),
                 ($157, $158, $159, $160, $161), ($162, $163, $164, $165, $166)) AS v
             WHERE v.column1 IS NOT NULL"
    };
}

macro_rules! set_heads {
    () => {
        "UPDATE audit_heads SET hash = v.column2 FROM (VALUES
                 ($1, $2), ($3, $4), ($5, $6), ($7, $8), ($9, $10), ($11, $12), ($13, $14), ($15, $16), ($17, $18),
                 ($19, $20), ($21, $22), ($23, $24), ($25, $26), ($27, $28), ($29, $30), ($31, $32), ($33, $34),
                 ($35, $36), ($37, $38), ($39, $40), ($41, $42), ($43, $44), ($45, $46), ($47, $48), ($49, $50),
                 ($51, $52), ($53, $54), ($55, $56), ($57, $58), ($59, $60), ($61, $62), ($63, $64)) AS v
             WHERE audit_heads.school_id = v.column1"
    };
}

impl Tx {
    /// Waits until no other transaction has this turn; it is given back with the end of this one. Needs no permit: it orders
    /// nodes of the installation and gives nobody anything.
    ///
    /// # Errors
    /// The database.
    pub async fn take_turn(&mut self, name: &str) -> Result<()> {
        sql!(
            self,
            run "INSERT INTO leases (name, holder, beat) VALUES ($1, $2, 1)
             ON CONFLICT (name) DO UPDATE SET beat = leases.beat + 1",
            name,
            Uuid::nil()
        )
        .map(drop)
    }

    /// Passes due times on that still stand on the rung on which they were seen, so that `rung` reminders were made; or looks
    /// at them again later, on the same rung. Gives those that it moved: each once. Needs no permit: it moves a time and gives
    /// nobody anything to read.
    ///
    /// # Errors
    /// The database.
    pub async fn pass_on(
        &mut self,
        ids: &[DeadlineId],
        seen: i64,
        rung: i64,
        next_at: Option<i64>,
    ) -> Result<Vec<DeadlineId>> {
        let mut moved = Vec::new();
        for part in ids.chunks(TOGETHER) {
            let rows = together!(self, (Uuid,), move_on!(), [rung, next_at, seen], part, [|id: &DeadlineId| id.0])?;
            moved.extend(rows.into_iter().map(|(id,)| DeadlineId(id)));
        }
        Ok(moved)
    }

    /// Leaves notices. Needs no permit: they say nothing, and whoever is told must still be let in by policy.
    ///
    /// # Errors
    /// The database.
    pub async fn leave_notices(&mut self, notices: &[Notice]) -> Result<()> {
        for part in notices.chunks(TOGETHER) {
            together!(
                self,
                (),
                leave!(),
                [],
                part,
                [
                    |notice: &Notice| notice.id.0,
                    |notice: &Notice| notice.school_id.0,
                    |notice: &Notice| notice.person_id.0,
                    |notice: &Notice| notice.place.clone(),
                    |notice: &Notice| notice.made_at,
                ]
            )?;
        }
        Ok(())
    }

    /// Writes the lines of everything that the clock passed on in one round: by school, each object with the rung that it
    /// reached. Nobody acted.
    ///
    /// # Errors
    /// The database.
    pub async fn record_all_passed_on(
        &mut self,
        passed_on: &BTreeMap<SchoolId, Vec<(Uuid, i64)>>,
        now: i64,
    ) -> Result<()> {
        let schools: Vec<(Uuid, i64)> = passed_on
            .iter()
            .map(|(school, lines)| (school.0, i64::try_from(lines.len()).unwrap_or(i64::MAX)))
            .collect();
        let (mut lines, mut heads) = (Vec::new(), Vec::new());
        for part in schools.chunks(TOGETHER) {
            // The head rows first, in the order of the schools: they are the locks.
            let moved: Vec<(Uuid, i64, Vec<u8>)> = together!(
                self,
                (Uuid, i64, Vec<u8>),
                move_heads!(),
                [chain::ORIGIN.to_vec()],
                part,
                [|(school, _): &(Uuid, i64)| *school, |(_, count): &(Uuid, i64)| *count]
            )?;
            for (school, seq, hash) in moved {
                let school = SchoolId(school);
                let mut previous: [u8; 32] = hash.try_into().map_err(|_| Error::Corrupt("audit_heads.hash"))?;
                let objects = passed_on.get(&school).map_or(&[][..], Vec::as_slice);
                let count = i64::try_from(objects.len()).unwrap_or(i64::MAX);
                for (seq, (object, rung)) in (seq - count + 1..).zip(objects) {
                    let line = passed_on_line(school, seq, *object, *rung, now);
                    previous = chain::link(&previous, &line.bytes());
                    lines.push((line, previous.to_vec()));
                }
                heads.push((school.0, previous.to_vec()));
            }
        }
        for part in lines.chunks(TOGETHER) {
            let like = passed_on_line(SchoolId(Uuid::nil()), 0, Uuid::nil(), 0, now);
            together!(
                self,
                (),
                put_lines!(),
                [
                    like.at,
                    like.actor.0,
                    like.relation.as_str(),
                    like.kind.as_str(),
                    like.event.as_str(),
                    like.outcome.as_str()
                ],
                part,
                [
                    |(line, _): &(Line, Vec<u8>)| line.school.0,
                    |(line, _): &(Line, Vec<u8>)| line.seq,
                    |(line, _): &(Line, Vec<u8>)| line.object,
                    |(line, _): &(Line, Vec<u8>)| line.detail.clone(),
                    |(_, hash): &(Line, Vec<u8>)| hash.clone(),
                ]
            )?;
        }
        for part in heads.chunks(TOGETHER) {
            together!(
                self,
                (),
                set_heads!(),
                [],
                part,
                [|(school, _): &(Uuid, Vec<u8>)| *school, |(_, hash): &(Uuid, Vec<u8>)| hash.clone()]
            )?;
        }
        Ok(())
    }
}

/// The line of something overdue that the clock passed on to the `rung`-th duty holder.
pub(super) fn passed_on_line(school: SchoolId, seq: i64, object: Uuid, rung: i64, now: i64) -> Line {
    Line {
        school,
        seq,
        at: now,
        actor: PersonId(Uuid::nil()),
        role: None,
        relation: Relation::None,
        kind: Kind::Warning,
        event: Event::DeadlinePassedOn,
        outcome: Outcome::Done,
        object,
        detail: format!("rung={rung}"),
    }
}
