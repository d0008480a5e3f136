//! `ansible.builtin.slurp`: the content of a file of the target.

use std::io::Read;

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
    let mut bytes = Vec::new();
    let read = host.open(&args.src).and_then(|mut file| Ok(file.read_to_end(&mut bytes)?));
    if let Err(error) = read {
        let because = |number: u8| error.msg.contains(&format!("[Errno {number}]"));
        let told = match () {
            () if because(2) => format!("File not found: {shown}"),
            () if because(13) => format!("File is not readable: {shown}"),
            () if because(21) => format!("Source is a directory and must be a file: {shown}"),
            () => fail!("Unable to slurp file: {shown}: {}", error.msg),
        };
        let cause = match error.msg.contains('\'') {
            true => error.msg,
            false => format!("{}: '{shown}'", error.msg),
        };
        // More is told than the message says.
        let whole = format!("{told}: {cause}");
        return Err(Failure::new(told).with("_ansible_rustible_error", whole));
    }
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
