//! `ansible.builtin.slurp`: the content of a file of the target.

use rustible_sdk::{base64, prelude::*};

/// Read a file from the target.
#[derive(Args)]
#[args(check = full)]
pub(crate) struct Args {
    /// The file.
    #[arg(alias("path"))]
    src: PathBuf,
    /// Whether the content comes as base64, which is safe for what is no text.
    #[arg(default = true)]
    armor: bool,
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
    let (content, encoding) = if args.armor {
        (base64(&bytes), "base64")
    } else {
        let text = String::from_utf8(bytes).map_err(|e| {
            let at = e.utf8_error().valid_up_to();
            Failure::new(format!("File is not UTF-8 text: {shown} (byte {at}); it needs 'armor'"))
        })?;
        (text, "utf-8")
    };
    Ok(Outcome::new()
        .with("content", content)
        .with("source", args.src.to_string_lossy().as_ref())
        .with("encoding", encoding))
}
