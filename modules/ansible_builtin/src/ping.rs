//! `ansible.builtin.ping`: whether modules run on the target.

use rustible_sdk::prelude::*;

/// Try to run a module on the host.
#[derive(Args)]
#[args(check = full)]
pub(crate) struct Args {
    /// What comes back; `crash` fails.
    #[arg(default = "pong")]
    data: String,
}

pub(crate) fn run(args: Args, _: &mut Host) -> Result<Outcome> {
    if args.data == "crash" {
        fail!("boom");
    }
    Ok(Outcome::new().with("ping", args.data))
}
