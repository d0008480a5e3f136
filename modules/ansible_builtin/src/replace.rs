//! `ansible.builtin.replace`: every match of a pattern in a file.

use rustible_sdk::{prelude::*, text::check_template};

use crate::attributed;

/// Replace all matches of a regular expression.
#[derive(Args)]
#[args(check = full, diff = full)]
pub(crate) struct Args {
    /// The file.
    #[arg(alias("dest", "destfile", "name"))]
    path: PathBuf,
    /// What is looked for; `^` and `$` are beginnings and ends of lines.
    regexp: String,
    /// What is put in place of each match.
    #[arg(default = "")]
    replace: String,
    /// Only behind the first match of this.
    after: Option<String>,
    /// Only before the match of this.
    before: Option<String>,
    /// Keep the old file beside the new one.
    #[arg(default = false)]
    backup: bool,
    /// A command with `%s` that must accept the new file.
    validate: Option<String>,
    /// Encoding of the file.
    #[arg(default = "utf-8")]
    encoding: String,
    #[arg(flatten)]
    attrs: FileAttrs,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let shown = args.path.to_string_lossy().into_owned();
    if host.is_dir(&args.path)? {
        fail!(rc = 256; "Path {shown} is a directory !");
    }
    let Some(read) = attributed::read(host, &args.path, &args.encoding)? else {
        fail!(rc = 257; "Path {shown} does not exist !");
    };
    // Python reads every kind of line end as `\n`, and so only that is written.
    let before = read.replace("\r\n", "\n").replace('\r', "\n");
    let (start, end) = match args.section() {
        None => (0, before.len()),
        Some(source) => match Pattern::new(&format!("(?s){source}"))?.group(&before, "subsection") {
            Some(range) => range,
            None => {
                let msg = format!("Pattern for before/after params did not match the given file: {source}");
                return Ok(Outcome::msg(msg).with("rc", 0).changed(false));
            }
        },
    };
    let part = |from: usize, to: usize| before.get(from..to).unwrap_or_default();
    let section = part(start, end);
    let pattern = Pattern::new(&format!("(?m){}", args.regexp))?;
    if let Err(why) = check_template(&args.replace) {
        fail!("Unable to process replace due to error: {why}");
    }
    let (new, count) = pattern.replace_all(section, &args.replace);
    let (mut msg, mut backup) = (String::new(), None);
    if count > 0 && new != section {
        let after = format!("{}{new}{}", part(0, start), part(end, before.len()));
        msg = format!("{count} replacements made");
        host.diff_text(&shown, &before, &after);
        let how = Edit {
            backup: args.backup,
            validate: args.validate.clone(),
            unsafe_writes: args.attrs.unsafe_writes,
            quiet: true,
            ..Edit::default()
        };
        let texts = (Some(read.as_str()), &[after.as_str()][..]);
        backup = attributed::write(host, &args.path, texts, &args.encoding, &how)?.backup;
    }
    let mut unseen = (Dict::new(), Dict::new());
    let changed = host.attributes_with(&args.path, &args.attrs, true, (&mut unseen.0, &mut unseen.1))?;
    Ok(Outcome::msg(attributed::told(&msg, changed)).with("rc", 0).with_some("backup_file", backup))
}

impl Args {
    /// The pattern of the part that is looked at; its group is `subsection`.
    fn section(&self) -> Option<String> {
        let (after, before) = (self.after.as_deref().unwrap_or(""), self.before.as_deref().unwrap_or(""));
        match (after.is_empty(), before.is_empty()) {
            (true, true) => None,
            (false, true) => Some(format!("{after}(?P<subsection>.*)")),
            (true, false) => Some(format!("(?P<subsection>.*){before}")),
            (false, false) => Some(format!("{after}(?P<subsection>.*?){before}")),
        }
    }
}
