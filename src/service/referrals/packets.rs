//! The smallest packet: chosen field by field, with nothing ticked beforehand, for one receiver.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::Slip;
use crate::domain::audit::Event;
use crate::domain::ids::ReferralId;
use crate::domain::record::Layer;
use crate::domain::referral::{Ground, Packet, PacketWay, Part};
use crate::domain::unprintable::unprintable;
use crate::domain::warning::{Severity, StepKind};
use crate::domain::words::{Compartment, Sex};
use crate::policy::{Append, Read};
use crate::service::approach::Who;
use crate::service::cases::{read_state, read_step};
use crate::service::error::again;
use crate::service::files::{BY_PEOPLE, FROM_ROSTER, layer};
use crate::service::{App, Approach, Error, FieldProblem, Keys, Result, Viewer};
use crate::store::{Class, Tx};
use crate::vault::{ReceiverKey, seal_with_passphrase};

/// The longest name of a receiver, in characters.
const RECEIVER: usize = 200;

/// What stands behind a part of a packet. The page puts it into words.
#[derive(Clone)]
pub enum PartValue {
    /// As people wrote it.
    Text(String),
    /// The sex.
    Sex(Sex),
    /// The class.
    Class(Class),
    /// The level that holds.
    Level(Severity),
    /// Codes of risk factors, with spaces between.
    Risk(String),
    /// Codes of protective factors, with spaces between.
    Protective(String),
    /// Yes or no.
    Yes(bool),
}

unprintable!(PartValue);

/// A part with what it would say.
#[derive(Debug, Clone)]
pub struct OfferedPart {
    /// Which.
    pub part: Part,
    /// What it says.
    pub value: PartValue,
}

/// What the form for a packet shows.
#[derive(Debug)]
pub struct PacketForm {
    /// Whom it is about.
    pub who: Who,
    /// The class.
    pub class: Class,
    /// The contact that stands in the referral.
    pub to: String,
    /// What can be ticked: everything that is not empty and that this person may read.
    pub parts: Vec<OfferedPart>,
    /// On which grounds something may leave now; none when nothing may.
    pub grounds: BTreeSet<Ground>,
}

/// A packet as its form sends it.
#[derive(Debug, Clone)]
pub struct NewPacket {
    /// What was ticked.
    pub parts: BTreeSet<Part>,
    /// How it leaves.
    pub way: PacketWay,
    /// For whom, by name.
    pub to: String,
    /// Their public key, for [`PacketWay::Key`].
    pub key: String,
    /// The passphrase that was shown, for [`PacketWay::Passphrase`].
    pub passphrase: String,
    /// On what ground.
    pub ground: Ground,
}

/// A packet that is about to leave.
#[derive(Debug)]
pub struct MadePacket {
    /// The parts that were ticked, in the order of the form.
    pub parts: Vec<OfferedPart>,
    /// The age file; none for paper.
    pub file: Option<Vec<u8>>,
}

impl App {
    /// What the form for a packet shows.
    ///
    /// # Errors
    /// [`Error::NotFound`] for anyone who has no part in the case.
    pub async fn packet_form(&self, viewer: &Viewer, id: ReferralId) -> Result<PacketForm> {
        let warning = self.warning_of_referral(id).await?;
        self.may_with_warning::<Append>(viewer, warning).await?;
        let mut tx = self.begin().await?;
        let slip = self.slip::<Append>(&mut tx, viewer, id).await?;
        let (who, _) = self.who_now(&mut tx, viewer, &slip.approach, &slip.keys).await?;
        let parts = self.offered(&mut tx, viewer, &slip, &who).await?;
        let (grounds, to) = (slip.referral.grounds(slip.stored.stage), slip.referral.contact);
        tx.record(&slip.permit, Event::ReferralRead, "packet", self.now()).await?;
        tx.commit().await?;
        Ok(PacketForm { who, class: slip.approach.class, to, parts, grounds })
    }

    /// Checks a packet before anything leaves: what would go, in words.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field; [`Error::NotFound`] for anyone who has no part in the case.
    pub async fn check_packet(&self, viewer: &Viewer, id: ReferralId, new: &NewPacket) -> Result<Vec<OfferedPart>> {
        let form = self.packet_form(viewer, id).await?;
        check(new, &form.grounds)?;
        Ok(ticked(form.parts, new))
    }

    /// Makes a packet: writes down what leaves, for whom and on what ground, and seals it. `say` puts the parts into words.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every wrong field; [`Error::NotFound`] for anyone who has no part in the case.
    pub async fn make_packet(
        &self,
        viewer: &Viewer,
        id: ReferralId,
        new: &NewPacket,
        say: impl Fn(&[OfferedPart]) -> String + Sync,
    ) -> Result<MadePacket> {
        let warning = self.warning_of_referral(id).await?;
        self.may_with_warning::<Append>(viewer, warning).await?;
        again(|| self.try_make_packet(viewer, id, new, &say)).await
    }

    async fn try_make_packet(
        &self,
        viewer: &Viewer,
        id: ReferralId,
        new: &NewPacket,
        say: &(impl Fn(&[OfferedPart]) -> String + Sync),
    ) -> Result<MadePacket> {
        let mut tx = self.begin().await?;
        let mut slip = self.slip::<Append>(&mut tx, viewer, id).await?;
        check(new, &slip.referral.grounds(slip.stored.stage))?;
        let (who, _) = self.who_now(&mut tx, viewer, &slip.approach, &slip.keys).await?;
        let parts = ticked(self.offered(&mut tx, viewer, &slip, &who).await?, new);
        if parts.is_empty() {
            return Err(Error::field("parts", "choose"));
        }
        let file = seal(new, &say(&parts))?;
        slip.referral.packets.push(Packet {
            parts: parts.iter().map(|offered| offered.part).collect(),
            way: new.way,
            to: new.to.trim().to_owned(),
            ground: new.ground,
            by: viewer.person.id,
            at: self.now(),
        });
        // How many fields and in which way, not which: what is missing in a packet tells as much as what is in it.
        let detail = format!("fields={} way={}", parts.len(), new.way);
        self.put_slip(&mut tx, slip, Event::PacketMade, &detail).await?;
        tx.commit().await?;
        Ok(MadePacket { parts, file })
    }

    /// Everything that can be ticked, with what it says; what is empty or shut is left out.
    async fn offered(&self, tx: &mut Tx, viewer: &Viewer, slip: &Slip<Append>, who: &Who) -> Result<Vec<OfferedPart>> {
        let state = read_state(&slip.keys, &slip.read, &slip.warning)?;
        let mut interview = None;
        for stored in tx.steps(slip.warning.id).await? {
            let step = read_step(&slip.keys, &slip.read, &stored)?;
            if step.kind == StepKind::Interview {
                interview = Some(step);
            }
        }
        let found = |field: &str| interview.as_ref().and_then(|step| step.fields.get(field).cloned());
        let sex = match who {
            Who::Row(row) => row.sex,
            Who::Card(card) => card.sex,
        };
        let layers = self.layers(tx, viewer, &slip.approach).await?;
        let value = |part: Part| -> Option<PartValue> {
            let referral = &slip.referral;
            Some(match part {
                Part::Name => PartValue::Text(who.name().to_owned()),
                Part::Sex => PartValue::Sex(sex),
                Part::Class => PartValue::Class(slip.approach.class),
                Part::Reason => PartValue::Text(referral.reason.clone()),
                Part::Done => PartValue::Text(Some(referral.done.clone()).filter(|text| !text.is_empty())?),
                Part::StudentKnows => PartValue::Yes(referral.student_knows),
                Part::Level => PartValue::Level(state.severity?),
                Part::Risk => PartValue::Risk(found("risk")?),
                Part::Protective => PartValue::Protective(found("protective")?),
                Part::Of(field) => {
                    let written = layers.iter().find_map(|layer| layer.fields.get(&field))?;
                    PartValue::Text(Some(written.text.clone()).filter(|text| !text.is_empty())?)
                }
            })
        };
        let offered = Part::all().into_iter().filter_map(|part| Some(OfferedPart { part, value: value(part)? }));
        Ok(offered.collect())
    }

    /// What people wrote and what the roster said, in the compartments from which something may go; what people wrote first.
    async fn layers(&self, tx: &mut Tx, viewer: &Viewer, approach: &Approach) -> Result<Vec<Layer>> {
        let id = approach.student.id;
        let records = tx.records(id).await?;
        let keys = Keys::of(tx, viewer, &self.secret, id.0).await?;
        let mut layers = Vec::new();
        for name in [BY_PEOPLE, FROM_ROSTER] {
            for compartment in [Compartment::Contact, Compartment::Support] {
                let permit = self.policy.permit::<Read>(&approach.standing, compartment.kind(), id.0);
                let held = keys.newest(compartment, Uuid::nil()).is_some();
                if let Ok(permit) = permit
                    && held
                {
                    layers.extend(layer(&keys, &permit, &records, compartment, name)?.map(|(_, layer)| layer));
                }
            }
        }
        Ok(layers)
    }
}

fn ticked(parts: Vec<OfferedPart>, new: &NewPacket) -> Vec<OfferedPart> {
    parts.into_iter().filter(|offered| new.parts.contains(&offered.part)).collect()
}

/// Everything that can be wrong with a packet, at once.
fn check(new: &NewPacket, grounds: &BTreeSet<Ground>) -> Result<()> {
    let mut problems = Vec::new();
    let mut wrong = |field, code| problems.push(FieldProblem { field, code });
    if new.parts.is_empty() {
        wrong("parts", "choose");
    }
    match new.to.trim().chars().count() {
        0 => wrong("to", "required"),
        1..=RECEIVER => {}
        _ => wrong("to", "too-long"),
    }
    if !grounds.contains(&new.ground) {
        wrong("ground", "ground-does-not-hold");
    }
    if new.way == PacketWay::Key && ReceiverKey::parse(&new.key).is_err() {
        wrong("key", "public-key-invalid");
    }
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}

fn seal(new: &NewPacket, text: &str) -> Result<Option<Vec<u8>>> {
    match new.way {
        PacketWay::Print => Ok(None),
        PacketWay::Key => Ok(Some(ReceiverKey::parse(&new.key)?.seal(text.as_bytes())?)),
        PacketWay::Passphrase => {
            let sealed = seal_with_passphrase(text.as_bytes(), &new.passphrase);
            sealed.map(Some).map_err(|_| Error::field("way", "passphrase-gone"))
        }
    }
}
