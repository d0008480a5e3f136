//! One case under one of the two: its files copied into a folder of their own, its commands run there, the outcome as text.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use fancy_regex::Regex;
use tempfile::TempDir;

/// The commands that are found by name in a case.
const PROGRAMS: [&str; 10] = [
    "ansible",
    "ansible-playbook",
    "ansible-inventory",
    "ansible-vault",
    "ansible-config",
    "ansible-doc",
    "ansible-galaxy",
    "ansible-console",
    "ansible-pull",
    "ansible-test",
];

/// Whose programs run, and where.
pub(crate) struct Machine {
    root: TempDir,
    python: PathBuf,
    rules: Vec<(Regex, &'static str)>,
}

impl Machine {
    /// The reference's programs in `bin`, with the Python beside them.
    pub(crate) fn reference(bin: &Path) -> Self {
        Self::new(&bin.join("python3"), |name| bin.join(name))
    }

    /// Rustible under every name.
    pub(crate) fn rustible(program: &Path) -> Self {
        Self::new(Path::new("/usr/bin/python3"), |_| program.to_path_buf())
    }

    /// Names in both have the same length, so that text is wrapped at the same places.
    fn new(python: &Path, program: impl Fn(&str) -> PathBuf) -> Self {
        let root =
            tempfile::Builder::new().prefix("differ").rand_bytes(8).tempdir_in("/tmp").expect("a folder");
        let bin = root.path().join("bin");
        std::fs::create_dir(&bin).expect("a folder");
        for name in PROGRAMS {
            let program = program(name);
            if program.exists() {
                std::os::unix::fs::symlink(program, bin.join(name)).expect("a link");
            }
        }
        let rules = [
            (r#""(start|end)": "[^"]*""#, r#""$1": "TIME""#),
            (r#""delta": "[^"]*""#, r#""delta": "TIME""#),
            (r"(jid=|ansible_job_id: |results_file: )\S+", "${1}JOB"),
            (r#""(ansible_job_id|results_file)": "[^"]*""#, r#""$1": "JOB""#),
            (r"j\d{4,}\.\d+", "JOB"),
            (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d[.,]\d+", "TIME"),
            (r"\d+:\d\d:\d\d\.\d+", "DURATION"),
            (r"ansible-(local-\d+\w+|tmp-[\d.]+-\d+-\d+)", "TEMPORARY"),
            (r"ansible\.\w{8}\b", "TEMPORARY"),
            // The reference lists them in the order of a hash table.
            (r"(Valid booleans include: )[\w', ]+", "${1}THESE"),
        ];
        let rules = rules.iter().map(|(p, to)| (Regex::new(p).expect("a pattern"), *to)).collect();
        Self { root, python: python.to_path_buf(), rules }
    }

    /// What the commands of the case in `case` print, how they end and the files they leave.
    pub(crate) fn run(&self, case: &Path) -> String {
        let name = case.file_name().expect("a case has a name");
        let here = self.root.path().join(name);
        let home = self.root.path().join("home").join(name);
        std::fs::create_dir_all(&home).expect("a folder");
        copy(case, &here);
        let before = files(&here);
        let mut text = String::new();
        let commands = std::fs::read_to_string(case.join("command")).expect("a case has commands");
        for line in commands.lines().filter(|line| !line.trim().is_empty()) {
            let output = self.command(line, &here, &home);
            let _ = writeln!(text, "$ {line}");
            section(&mut text, &output.stdout);
            if !output.stderr.is_empty() {
                text.push_str("--- stderr\n");
                section(&mut text, &output.stderr);
            }
            let _ = writeln!(text, "--- status {}", output.status.code().unwrap_or(-1));
        }
        for file in files(&here).difference(&before) {
            let path = here.join(file);
            let mode = path.symlink_metadata().map_or(0, |m| m.permissions().mode() & 0o7777);
            let _ = writeln!(text, "--- file {file} {mode:04o}");
            if path.is_file() {
                section(&mut text, &std::fs::read(&path).unwrap_or_default());
            }
        }
        self.settled(
            &text
                .replace(&here.display().to_string(), "@here@")
                .replace(&home.display().to_string(), "@home@"),
        )
    }

    fn command(&self, line: &str, here: &Path, home: &Path) -> Output {
        let bin = self.root.path().join("bin");
        Command::new("/bin/bash")
            .args(["-c", &format!("umask 022; {line}")])
            .current_dir(here)
            .stdin(Stdio::null())
            .env_clear()
            .env("HOME", home)
            .env("PATH", format!("{}:/usr/bin:/bin:/usr/sbin:/sbin", bin.display()))
            .env("ANSIBLE_PYTHON_INTERPRETER", &self.python)
            .env("ANSIBLE_ASYNC_DIR", home.join("jobs"))
            .envs([
                ("LANG", "C.UTF-8"),
                ("ANSIBLE_NOCOLOR", "1"),
                ("ANSIBLE_FORKS", "1"),
                ("PYTHONDONTWRITEBYTECODE", "1"),
                ("ANSIBLE_LOCALHOST_WARNING", "0"),
                ("ANSIBLE_INVENTORY_UNPARSED_WARNING", "0"),
            ])
            .output()
            .expect("the shell runs")
    }

    /// What differs between two runs of the same thing: times, durations, names of jobs and of temporary files.
    fn settled(&self, text: &str) -> String {
        let text = in_order(text);
        self.rules.iter().fold(text, |text, (rule, to)| rule.replace_all(&text, *to).into_owned())
    }
}

/// The reference lists the hosts of a play in the order of a hash table.
fn in_order(text: &str) -> String {
    let mut lines: Vec<&str> = text.split('\n').collect();
    let mut at = 0;
    while at < lines.len() {
        let start = at + 1;
        let count = lines[at].trim().strip_prefix("hosts (").and_then(|rest| rest.strip_suffix("):"));
        if let Some(count) = count.and_then(|count| count.parse::<usize>().ok()) {
            lines[start..start + count].sort_unstable();
        }
        at = start;
    }
    lines.join("\n")
}

/// A part of the record; a missing line end is told.
fn section(text: &mut String, bytes: &[u8]) {
    text.push_str(&String::from_utf8_lossy(bytes));
    if !bytes.is_empty() && !bytes.ends_with(b"\n") {
        text.push_str("\\ no line end\n");
    }
}

/// The files of a case but its record.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder").map(|e| e.expect("an entry")) {
        let target = to.join(entry.file_name());
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_symlink() {
            let link = std::fs::read_link(entry.path()).expect("a link");
            std::os::unix::fs::symlink(link, target).expect("a link");
        } else if entry.file_name() != "expected" {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// The names of everything in a folder.
fn files(root: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![root.to_path_buf()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).expect("a folder").map(|e| e.expect("an entry")) {
            let path = entry.path();
            found.insert(path.strip_prefix(root).expect("below").display().to_string());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push(path);
            }
        }
    }
    found.retain(|name| !name.contains("__pycache__"));
    found
}
