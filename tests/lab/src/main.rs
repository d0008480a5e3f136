//! The program `rustible-lab`.

use std::process::ExitCode;

fn main() -> ExitCode {
    rustible_lab::cli::main()
}
