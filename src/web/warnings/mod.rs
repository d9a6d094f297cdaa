//! The pages of warnings: what waits, one warning with its whole timeline, and the briefs.

pub mod briefs;
pub mod inbox;
pub mod timeline;
mod view;

use crate::domain::words::Role;
use crate::service::LetterContent;
use crate::web::Who;
use crate::web::ui::Ui;

/// Roles that read warnings of the whole school.
const READERS: Who = Who::Roles(&[Role::Counsellor, Role::MoralEdDirector]);
/// Roles that take letters up, set levels and ask for lifting.
const COUNSELLORS: Who = Who::Roles(&[Role::Counsellor]);

/// What a letter says, as label and text.
fn said(ui: &Ui, content: &LetterContent) -> Vec<(String, String)> {
    use crate::domain::steps::StepField as F;
    let pairs = match content {
        LetterContent::Concern(concern) => vec![
            (F::Seen, concern.seen.clone()),
            (F::Urgency, ui.word(concern.urgency)),
            (F::Safe, ui.word(concern.safe)),
            (F::Place, concern.place.clone()),
            (F::Who, [concern.class.as_str(), concern.who.as_str()].join(" ").trim().to_owned()),
        ],
        LetterContent::Signal(signal) => vec![(F::Rule, ui.word(signal.rule)), (F::Facts, signal.facts.clone())],
    };
    pairs.into_iter().filter(|(_, text)| !text.is_empty()).map(|(field, text)| (ui.word(field), text)).collect()
}
