//! Writing to the two streams. A reader that went away (`yice policy matrix | head`) is no reason to panic.

use std::io::Write as _;

use i18n_embed::fluent::FluentLanguageLoader;

use crate::domain::words::Language;
use crate::web::language;

/// The messages of a language, for [`t!`](crate::web::ui::t).
#[derive(Debug, Clone, Copy)]
pub struct Words(pub Language);

impl Words {
    /// The messages.
    #[must_use]
    pub fn loader(self) -> &'static FluentLanguageLoader {
        language::loader(self.0)
    }
}

/// A line for programs, on standard output.
pub fn print(line: &str) {
    let mut out = std::io::stdout().lock();
    // Whoever piped us into something that stopped reading has what they wanted.
    let _gone = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// A line for a person, on standard error.
pub fn tell(line: &str) {
    let _gone = writeln!(std::io::stderr().lock(), "{line}");
}
