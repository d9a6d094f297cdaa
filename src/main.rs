//! The `yice` command. Everything it does is in the library: see `yice::cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    yice::cli::main()
}
