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
        // The module itself breaks, which is another thing than a failure that it tells of.
        return Err(Failure::new("boom").with("_ansible_crashed", true));
    }
    Ok(Outcome::new().with("ping", args.data))
}
