//! `ansible.builtin.tempfile`: a new file or folder with a name of its own.

use rustible_sdk::prelude::*;

/// Creates temporary files and directories.
#[derive(Args)]
#[args(check = none)]
pub(crate) struct Args {
    /// What to make.
    #[arg(default = "file")]
    state: State,
    /// The folder it is made in; the system's folder for temporary files when not given.
    path: Option<PathBuf>,
    /// Beginning of its name.
    #[arg(default = "ansible.")]
    prefix: String,
    /// End of its name.
    #[arg(default = "")]
    suffix: String,
}

#[derive(Choice, Clone, Copy, PartialEq)]
pub(crate) enum State {
    File,
    Directory,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    for (what, text) in [("prefix", &args.prefix), ("suffix", &args.suffix)] {
        if text.contains('/') {
            fail!("{what} must be a valid file name component, got '{text}'");
        }
    }
    let folder = args.path.unwrap_or_else(|| host.temp_root());
    let path = host.make_temp(&folder, (&args.prefix, &args.suffix), args.state == State::Directory)?;
    host.mark_changed();
    let mut done = Outcome::new().with("path", path.to_string_lossy().as_ref());
    host.add_path_info(&mut done.0, &path)?;
    Ok(done)
}
