//! The slow half of an import: making keys, wrapping and sealing, on the cores that are there and before the transaction.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::super::files::{FROM_ROSTER, sealed_roster_layer};
use super::super::{Error, Result};
use crate::domain::ids::{ClassId, SchoolId, StudentId};
use crate::domain::record::Layer;
use crate::store::{Key, Record, StudentMacs};
use crate::vault::{CompartmentKey, KeyName, Recipient, wrap_key};

/// Files that one task seals before it reports.
const CHUNK: usize = 16;

/// What is to be sealed for one student.
#[derive(Debug)]
pub(super) struct FileWork {
    /// The student row as it will stand.
    pub macs: StudentMacs,
    /// The class from which the student moves away; none without a move.
    pub leaves: Option<ClassId>,
    /// Whether the student is new.
    pub is_new: bool,
    /// The keys to be made or moved on.
    pub keys: Vec<KeyWork>,
}

/// One compartment key to be made or moved on.
#[derive(Debug)]
pub(super) struct KeyWork {
    /// The key as it will stand; epoch 1 for a new one.
    pub key: Key,
    /// Who shall hold it.
    pub holders: Arc<[Recipient]>,
    /// What the roster says in this compartment, and the version that it becomes.
    pub layer: Option<(Layer, i64)>,
}

/// What was sealed for one student.
#[derive(Debug)]
pub(super) struct SealedFile {
    /// The student row as it will stand.
    pub macs: StudentMacs,
    /// The class from which the student moves away; none without a move.
    pub leaves: Option<ClassId>,
    /// Whether the student is new.
    pub is_new: bool,
    /// The keys.
    pub keys: Vec<SealedKey>,
}

/// A compartment key with its wraps and what it sealed.
#[derive(Debug)]
pub(super) struct SealedKey {
    /// The key as it will stand.
    pub key: Key,
    /// Who shall hold it.
    pub holders: Arc<[Recipient]>,
    /// One age file for each holder, in the same order.
    pub wraps: Vec<Vec<u8>>,
    /// What the roster says.
    pub record: Option<Record>,
}

/// Seals all files, a few at a time on as many cores as there are, and says how many are finished.
///
/// # Errors
/// No random bytes; a task that died.
pub(super) async fn seal_files(
    school: SchoolId,
    work: Vec<FileWork>,
    progress: &(dyn Fn(usize) + Send + Sync),
) -> Result<Vec<SealedFile>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut sealed = Vec::with_capacity(work.len());
    let mut waiting = VecDeque::from(work);
    let mut running = JoinSet::new();
    loop {
        while running.len() < cores && !waiting.is_empty() {
            let chunk: Vec<FileWork> = waiting.drain(..CHUNK.min(waiting.len())).collect();
            running.spawn_blocking(move || chunk.into_iter().map(|file| seal_file(school, file)).collect());
        }
        let Some(done) = running.join_next().await else { return Ok(sealed) };
        let done: Result<Vec<SealedFile>> = done.map_err(|error| Error::Internal(error.into()))?;
        sealed.append(&mut done?);
        progress(sealed.len());
    }
}

fn seal_file(school: SchoolId, file: FileWork) -> Result<SealedFile> {
    let id = file.macs.id;
    let keys = file.keys.into_iter().map(|work| seal_key(school, id, work)).collect::<Result<_>>()?;
    Ok(SealedFile { macs: file.macs, leaves: file.leaves, is_new: file.is_new, keys })
}

fn seal_key(school: SchoolId, student: StudentId, work: KeyWork) -> Result<SealedKey> {
    let KeyWork { key, holders, layer } = work;
    let secret = CompartmentKey::generate()?;
    let name = KeyName { key: key.id, epoch: key.epoch };
    let wraps = holders.iter().map(|to| wrap_key(&secret, name, to)).collect::<Result<_, _>>()?;
    let Some((layer, version)) = layer else { return Ok(SealedKey { key, holders, wraps, record: None }) };
    let sealed = sealed_roster_layer(&secret, school, student, key.compartment, key.epoch, version, &layer)?;
    let record = Record {
        student_id: student,
        compartment: key.compartment,
        layer: FROM_ROSTER.to_owned(),
        epoch: key.epoch,
        version,
        sealed,
    };
    Ok(SealedKey { key, holders, wraps, record: Some(record) })
}
