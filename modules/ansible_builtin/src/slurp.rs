//! `ansible.builtin.slurp`: the content of a file of the target.

use rustible_sdk::{base64, prelude::*};

/// Read a file from the target.
#[derive(Args)]
#[args(check = full)]
pub(crate) struct Args {
    /// The file.
    #[arg(alias("path"))]
    src: PathBuf,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let shown = args.src.display();
    if host.is_dir(&args.src)? {
        fail!("Source is a directory and must be a file: {shown}");
    }
    let Some(bytes) =
        host.read(&args.src).map_err(|_| Failure::new(format!("File is not readable: {shown}")))?
    else {
        fail!("File not found: {shown}");
    };
    Ok(Outcome::new()
        .with("content", base64(&bytes))
        .with("source", args.src.to_string_lossy().as_ref())
        .with("encoding", "base64"))
}
