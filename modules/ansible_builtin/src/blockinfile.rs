//! `ansible.builtin.blockinfile`: a block of lines between two markers.

use rustible_sdk::prelude::*;

use crate::attributed;

/// Keep a block of text in a file, between markers.
#[derive(Args)]
#[args(check = full, diff = full, mutually_exclusive(insertbefore, insertafter))]
pub(crate) struct Args {
    /// The file.
    #[arg(alias("dest", "destfile", "name"))]
    path: PathBuf,
    /// Whether the block is to be there.
    #[arg(default = "present")]
    state: State,
    /// The lines around the block; `{mark}` becomes the words for begin and end.
    #[arg(default = "# {mark} ANSIBLE MANAGED BLOCK")]
    marker: String,
    /// The block.
    #[arg(default = "", alias("content"))]
    block: String,
    /// Insert behind the last line that matches this, or `EOF`.
    insertafter: Option<String>,
    /// Insert before the last line that matches this, or `BOF`.
    insertbefore: Option<String>,
    /// Make the file when it is missing.
    #[arg(default = false)]
    create: bool,
    /// Keep the old file beside the new one.
    #[arg(default = false)]
    backup: bool,
    /// A command with `%s` that must accept the new file.
    validate: Option<String>,
    /// The word for begin.
    #[arg(default = "BEGIN")]
    marker_begin: String,
    /// The word for end.
    #[arg(default = "END")]
    marker_end: String,
    /// An empty line behind the block.
    #[arg(default = false)]
    append_newline: bool,
    /// An empty line before the block.
    #[arg(default = false)]
    prepend_newline: bool,
    /// Encoding of the file.
    #[arg(default = "utf-8")]
    encoding: String,
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
    if host.is_dir(&args.path)? {
        fail!(rc = 256; "Path {shown} is a directory !");
    }
    let before = attributed::read(host, &args.path, &args.encoding)?;
    if before.is_none() {
        if !args.create {
            fail!(rc = 257; "Path {shown} does not exist !");
        }
        if let Some(parent) = args.path.parent().filter(|p| !p.as_os_str().is_empty())
            && !host.check_mode()
            && !host.is_dir(parent)?
        {
            host.make_dirs(parent)?;
        }
        if args.state == State::Absent {
            return Ok(Outcome::msg(format!("File {shown} not present")).changed(false));
        }
    }
    let after = args.applied(before.as_deref().unwrap_or_default())?;
    let msg = match &before {
        Some(before) if *before == after => "",
        None => "File created",
        Some(_) if args.lines().is_empty() => "Block removed",
        Some(_) => "Block inserted",
    };
    attributed::content(host, &shown, before.as_deref().unwrap_or_default(), &after);
    let how = Edit {
        backup: args.backup && before.is_some(),
        validate: args.validate.clone(),
        unsafe_writes: args.attrs.unsafe_writes,
        quiet: true,
        ..Edit::default()
    };
    let written = attributed::write(host, &args.path, (before.as_deref(), &[&after]), &args.encoding, &how)?;
    if host.check_mode() && before.is_none() {
        return Ok(Outcome::msg(msg));
    }
    let changed = attributed::attributes(host, &args.path, &args.attrs)?;
    Ok(Outcome::msg(attributed::told(msg, changed)).with_some("backup_file", written.backup))
}

impl Args {
    fn marked(&self, word: &str) -> String {
        format!("{}\n", self.marker.replace("{mark}", word))
    }

    /// The block with its markers; nothing when it is not to be there, or is empty.
    fn lines(&self) -> Vec<String> {
        if self.state == State::Absent || self.block.is_empty() {
            return Vec::new();
        }
        let mut block = Lines::of(&self.block);
        block.finish();
        let mut all = vec![self.marked(&self.marker_begin)];
        all.append(&mut block.0);
        all.push(self.marked(&self.marker_end));
        all
    }

    /// The text as it is to be.
    fn applied(&self, text: &str) -> Result<String> {
        let mut lines = Lines::of(text).0;
        let last = |marker: String| lines.iter().rposition(|line| *line == marker);
        let found = (last(self.marked(&self.marker_begin)), last(self.marked(&self.marker_end)));
        let mut at = match found {
            // Markers in the wrong order enclose the block all the same.
            (Some(one), Some(other)) => {
                let first = one.min(other);
                lines.drain(first..=one.max(other));
                first
            }
            _ => self.place(text, &lines)?,
        };
        if let Some(line) = at.checked_sub(1).and_then(|i| lines.get_mut(i))
            && !line.ends_with('\n')
        {
            line.push('\n');
        }
        let present = self.state == State::Present;
        let block = self.lines();
        let blank = |at: usize| lines.get(at).is_some_and(|line| line == "\n");
        let behind = self.append_newline && present && at < lines.len() && !blank(at);
        if self.prepend_newline && present && at > 0 && !blank(at - 1) {
            lines.insert(at, "\n".to_string());
            at += 1;
        }
        let tail = lines.split_off(at);
        let gap = behind.then(|| "\n".to_string());
        Ok(lines.into_iter().chain(block).chain(gap).chain(tail).collect())
    }

    /// Where a block that is not there yet goes.
    fn place(&self, text: &str, lines: &[String]) -> Result<usize> {
        let end = lines.len();
        let (source, behind) = match (&self.insertafter, &self.insertbefore) {
            (Some(word), _) if word != "EOF" => (word, true),
            (None, Some(word)) if word == "BOF" => return Ok(0),
            (None, Some(word)) => (word, false),
            _ => return Ok(end),
        };
        let pattern = Pattern::new(source)?;
        let step = usize::from(behind);
        if across_lines(source) {
            let whole = Pattern::new(&format!("(?P<rustible_all>{source})"))?;
            let Some((start, stop)) = whole.group(text, "rustible_all") else { return Ok(end) };
            let upto = text.get(..if behind { stop } else { start }).unwrap_or_default();
            return Ok((upto.matches('\n').count() + step).min(end));
        }
        let bare = |line: &str| line.strip_suffix('\n').unwrap_or(line).to_string();
        let found = lines.iter().rposition(|line| pattern.is_match(&bare(line)) || pattern.is_match(line));
        Ok(found.map_or(end, |at| at + step))
    }
}

/// Whether the pattern begins with a flag that makes it one for the whole text.
fn across_lines(source: &str) -> bool {
    let flags = source.strip_prefix("(?").and_then(|rest| rest.split_once(')')).map(|(flags, _)| flags);
    flags.is_some_and(|flags| flags.contains('m') && flags.chars().all(|c| c.is_ascii_alphabetic()))
}
