//! `ansible.builtin.lineinfile`: one line of a text file, present or absent.

use rustible_sdk::{host::write::Written, prelude::*};

use crate::attributed;

/// Manage lines in text files.
#[derive(Args)]
#[expect(clippy::duplicated_attributes, reason = "rules share arguments")]
#[args(check = full, diff = full)]
#[args(mutually_exclusive(insertbefore, insertafter), mutually_exclusive(regexp, search_string))]
#[args(mutually_exclusive(backrefs, search_string))]
pub(crate) struct Args {
    /// The file.
    #[arg(alias("dest", "destfile", "name"))]
    path: PathBuf,
    /// Whether the line is to be there.
    #[arg(default = "present")]
    state: State,
    /// Regular expression; the last line it matches is replaced.
    #[arg(alias("regex"))]
    regexp: Option<Pattern>,
    /// Text to look for instead.
    search_string: Option<String>,
    /// The line.
    #[arg(alias("value"))]
    line: Option<String>,
    /// Encoding of the file.
    #[arg(default = "utf-8")]
    encoding: String,
    /// Put groups of `regexp` into `line`; without a match nothing is done.
    backrefs: Option<bool>,
    /// Insert behind the last line that matches this, or `EOF`.
    insertafter: Option<Anchor>,
    /// Insert before the last line that matches this, or `BOF`.
    insertbefore: Option<Anchor>,
    /// Make the file when it is missing.
    #[arg(default = false)]
    create: bool,
    /// Keep the old file beside the new one.
    #[arg(default = false)]
    backup: bool,
    /// Take the first match instead of the last.
    #[arg(default = false)]
    firstmatch: bool,
    /// A command with `%s` that must accept the new file.
    validate: Option<String>,
    #[arg(flatten)]
    attrs: FileAttrs,
}

#[derive(Choice, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Absent,
    Present,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let shown = args.path.to_string_lossy().into_owned();
    if let Some(warning) = args.matches_all() {
        host.warn(warning);
    }
    if host.is_dir(&args.path)? {
        fail!(rc = 256; "Path {shown} is a directory !");
    }
    args.complete()?;
    let before = attributed::read(host, &args.path, &args.encoding)?;
    let mut lines = Lines::of(before.as_deref().unwrap_or_default());
    let mut found = None;
    let msg = match (args.state, &before) {
        (State::Absent, None) => return Ok(Outcome::msg("file not present").changed(false)),
        (State::Present, None) if !args.create => fail!(rc = 257; "Destination {shown} does not exist !"),
        (State::Present, _) => args.put(&mut lines).to_string(),
        (State::Absent, Some(_)) => {
            let removed = args.cut(&mut lines);
            found = Some(removed);
            if removed > 0 { format!("{removed} line(s) removed") } else { String::new() }
        }
    };
    if before.is_none()
        && let Some(parent) = args.path.parent().filter(|p| !p.as_os_str().is_empty())
        && !host.is_dir(parent)?
    {
        host.make_dirs(parent)?;
    }
    let how = Edit {
        backup: args.backup,
        validate: args.validate.clone(),
        unsafe_writes: args.attrs.unsafe_writes,
        quiet: true,
        ..Edit::default()
    };
    let after = lines.to_string();
    let written = if msg.is_empty() {
        Written::default()
    } else {
        let pieces: Vec<&str> = lines.0.iter().map(String::as_str).collect();
        attributed::write(host, &args.path, (before.as_deref(), &pieces), &args.encoding, &how)?
    };
    let texts =
        if written.changed { (before.as_deref().unwrap_or_default(), after.as_str()) } else { ("", "") };
    attributed::content(host, &shown, texts.0, texts.1);
    let changed = attributed::attributes(host, &args.path, &args.attrs)?;
    let msg = attributed::told(&msg, changed);
    Ok(Outcome::msg(msg).with_some("found", found).with("backup", written.backup.unwrap_or_default()))
}

impl Args {
    /// What is to be said of an empty text or expression, which every line has.
    fn matches_all(&self) -> Option<String> {
        let (name, advice) = match (&self.regexp, self.search_string.as_deref()) {
            (Some(pattern), _) if pattern.source().is_empty() => (
                "regular expression",
                " If this is desired, use '^' to match every line in the file and avoid this warning.",
            ),
            (_, Some("")) => ("search string", ""),
            _ => return None,
        };
        Some(format!(
            "The {name} is an empty string, which will match every line in the file. This may have unintended \
             consequences, such as replacing the last line in the file rather than appending.{advice}"
        ))
    }

    /// Whether what the state needs was given.
    fn complete(&self) -> Result<()> {
        if self.state == State::Present {
            if self.backrefs == Some(true) && self.regexp.is_none() {
                fail!("regexp is required with backrefs=true");
            }
            if self.line.is_none() {
                fail!("line is required with state=present");
            }
        } else if self.regexp.is_none() && self.search_string.is_none() && self.line.is_none() {
            fail!("one of line, search_string, or regexp is required with state=absent");
        }
        Ok(())
    }

    /// Put the line where it belongs; what was done, empty for nothing.
    fn put(&self, lines: &mut Lines) -> &'static str {
        let line = self.line.as_deref().unwrap_or_default();
        let backrefs = self.backrefs.unwrap_or(false);
        let selected = self.pick(lines, |l| self.selects(l));
        // The very line counts as found when a pattern does not match anything else.
        let exact = (0..lines.0.len()).find(|i| lines.bare(*i) == line);
        if let Some(at) = selected {
            let new = match &self.regexp {
                Some(pattern) if backrefs => pattern.expand(lines.bare(at), line).unwrap_or_default(),
                _ => line.to_string(),
            };
            let ending = if new.ends_with('\n') { "" } else { "\n" };
            let whole = format!("{new}{ending}");
            return match lines.0.get_mut(at) {
                Some(old) if *old != whole && old.trim_end_matches(['\r', '\n']) != new => {
                    *old = whole;
                    "line replaced"
                }
                _ => "",
            };
        }
        if backrefs || exact.is_some() {
            return "";
        }
        let at = self.place(lines);
        if at == lines.0.len() {
            lines.finish();
        }
        lines.0.insert(at, format!("{line}\n"));
        "line added"
    }

    fn place(&self, lines: &Lines) -> usize {
        let end = lines.0.len();
        match (&self.insertbefore, &self.insertafter) {
            (Some(Anchor::Start), _) => 0,
            (Some(Anchor::At(pattern)), _) => self.pick(lines, |l| pattern.is_match(l)).unwrap_or(end),
            (_, Some(Anchor::At(pattern))) => {
                self.pick(lines, |l| pattern.is_match(l)).map_or(end, |at| at + 1)
            }
            (_, Some(Anchor::Start)) => 0,
            _ => end,
        }
    }

    fn pick(&self, lines: &Lines, yes: impl Fn(&str) -> bool) -> Option<usize> {
        let mut all = (0..lines.0.len()).filter(|i| yes(lines.bare(*i)));
        if self.firstmatch { all.next() } else { all.last() }
    }

    fn cut(&self, lines: &mut Lines) -> usize {
        let before = lines.0.len();
        lines.0.retain(|l| !self.selects(l.trim_end_matches(['\r', '\n'])));
        before - lines.0.len()
    }

    fn selects(&self, l: &str) -> bool {
        match (&self.regexp, &self.search_string, &self.line) {
            (Some(pattern), _, _) => pattern.is_match(l),
            (_, Some(text), _) => l.contains(text.as_str()),
            (_, _, Some(line)) => line == l,
            _ => false,
        }
    }
}
