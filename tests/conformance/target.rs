//! One target in a throwaway machine, in the surroundings that its authors give it.

use std::{
    fmt::Write as _,
    fs, io,
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use rustible_protocol::{Dict, Value, json};

use crate::suite::Suite;

/// A target that takes longer hangs.
const LONGEST: Duration = Duration::from_secs(90);
/// Lines of the log that are shown of a target that failed.
const SHOWN: usize = 15;

/// How a target went.
pub(crate) struct Outcome {
    /// Whether it ended well with enough results.
    pub(crate) passed: bool,
    /// Results that are good.
    pub(crate) good: usize,
    /// How long it took.
    pub(crate) seconds: f64,
    /// The end of what it printed.
    pub(crate) end: String,
}

/// Run it; it must print that many good results at least.
pub(crate) fn run(suite: &Suite, name: &str, least: usize) -> Outcome {
    let started = Instant::now();
    let (code, log) = attempt(suite, name).unwrap_or_else(|error| (None, error.to_string()));
    let good = log.lines().filter(|line| is_good(line.trim_start())).count();
    let lines: Vec<&str> = log.lines().collect();
    Outcome {
        passed: code == Some(0) && good >= least,
        good,
        seconds: started.elapsed().as_secs_f64(),
        end: lines[lines.len().saturating_sub(SHOWN)..].join("\n"),
    }
}

fn is_good(line: &str) -> bool {
    ["ok: ", "changed: ", "skipping: ", "included: ", "...ignoring"]
        .iter()
        .any(|start| line.starts_with(start))
}

fn attempt(suite: &Suite, name: &str) -> io::Result<(Option<i32>, String)> {
    let work = tempfile::Builder::new().prefix("rustible-conformance").tempdir()?;
    let (path, place) = (work.path(), format!("/srv/{name}"));
    for folder in ["bin", "output"] {
        fs::create_dir(path.join(folder))?;
    }
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    fs::write(path.join("start"), start(suite, name, path, &place)?)?;
    let log = fs::File::create(path.join("log"))?;
    let mut child = Command::new("unshare")
        .args(["--mount", "--pid", "--ipc", "--uts", "--net", "--fork", "--kill-child", "--"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/box"))
        .args([path, suite.source.as_path(), Path::new(&place)])
        .args(&suite.folders)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0)
        .spawn()?;
    let started = Instant::now();
    let code = loop {
        if let Some(status) = child.try_wait()? {
            break status.code();
        }
        if started.elapsed() > LONGEST {
            child.kill()?;
            child.wait()?;
            break None;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    Ok((code, String::from_utf8_lossy(&fs::read(path.join("log"))?).into_owned()))
}

/// What the target's own `aliases` ask for.
fn aliases(suite: &Suite, name: &str) -> Vec<String> {
    let text = fs::read_to_string(suite.target(name).join("aliases")).unwrap_or_default();
    let words = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim().to_string());
    words.filter(|word| !word.is_empty()).collect()
}

/// The script that runs in the machine.
fn start(suite: &Suite, name: &str, work: &Path, place: &str) -> io::Result<String> {
    let aliases = aliases(suite, name);
    let after = |start: &str| -> Vec<String> {
        aliases.iter().filter_map(|alias| alias.strip_prefix(start)).map(str::to_string).collect()
    };
    let integration = format!("{place}/test/integration");
    let mut script = surroundings(suite, work, &integration);
    for set in after("env/set/") {
        if let Some((variable, value)) = set.split_once('/') {
            let _written = writeln!(script, "export {variable}={}", quoted(value));
        }
    }
    let mut host = Dict::new();
    host.insert("ansible_connection", "local");
    host.insert("ansible_pipelining", "yes");
    host.insert("ansible_python_interpreter", suite.python.display().to_string());
    let inventory = nested(&["testgroup", "hosts", "testhost"], host.into());
    let _written = writeln!(
        script,
        "cd {integration}\nprintf %s {} > inventory\ntouch integration.cfg",
        quoted(&json::dumps(&inventory))
    );
    for setup in after("setup/once/").into_iter().chain(after("setup/always/")) {
        let _written = writeln!(script, "(cd targets/{setup} && ./runme.sh) > {}/setup 2>&1", work.display());
    }
    if suite.target(name).join("runme.sh").is_file() {
        let _written = writeln!(
            script,
            "export ANSIBLE_PLAYBOOK_DIR={integration}/targets/{name}\ncd targets/{name}\nexec ./runme.sh"
        );
        return Ok(script);
    }
    let facts = !aliases.iter().any(|alias| alias == "gather_facts/no");
    let mut play = Dict::new();
    play.insert("hosts", "testhost");
    play.insert("gather_facts", facts);
    play.insert("roles", vec![Value::from(name)]);
    play.insert("vars", nested(&["output_dir"], format!("{}/output", work.display()).into()));
    let _written = writeln!(
        script,
        "export ANSIBLE_PLAYBOOK_DIR={integration} ANSIBLE_ROLES_PATH={integration}/targets\nprintf %s {} > {name}-play.yml\nexec ansible-playbook {name}-play.yml -i inventory",
        quoted(&json::dumps(&vec![Value::from(play)].into()))
    );
    Ok(script)
}

fn nested(keys: &[&str], inner: Value) -> Value {
    keys.iter().rev().fold(inner, |inner, key| {
        let mut dict = Dict::new();
        dict.insert(*key, inner);
        dict.into()
    })
}

/// The environment that the suite's own runner gives to targets.
fn surroundings(suite: &Suite, work: &Path, integration: &str) -> String {
    let (work, python) = (work.display(), suite.python.display());
    let commands = suite.commands.path().display();
    let all = [
        ("ANSIBLE_CONFIG", format!("{integration}/integration.cfg")),
        ("ANSIBLE_DEPRECATION_WARNINGS", "false".into()),
        ("ANSIBLE_FORCE_COLOR", "false".into()),
        ("ANSIBLE_FORCE_HANDLERS", "true".into()),
        ("ANSIBLE_HOST_KEY_CHECKING", "false".into()),
        ("ANSIBLE_HOST_PATTERN_MISMATCH", "error".into()),
        ("ANSIBLE_INVENTORY", "/dev/null".into()),
        ("ANSIBLE_LIBRARY", "/dev/null".into()),
        ("ANSIBLE_PYTHON_INTERPRETER", "/set/ansible_python_interpreter/in/inventory".into()),
        ("ANSIBLE_RETRY_FILES_ENABLED", "false".into()),
        ("ANSIBLE_TEST_CI", "local".into()),
        ("ANSIBLE_TEST_PYTHON_INTERPRETER", python.to_string()),
        ("HOME", "/root".into()),
        ("INVENTORY_PATH", format!("{integration}/inventory")),
        ("LC_ALL", "C.UTF-8".into()),
        ("OUTPUT_DIR", format!("{work}/output")),
        ("PAGER", "/bin/cat".into()),
        (
            "PATH",
            format!("{commands}:{work}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ),
        ("PIP_NO_INDEX", "1".into()),
        ("PYTHONDONTWRITEBYTECODE", "1".into()),
        ("TERM", "dumb".into()),
    ];
    let mut script: String = all
        .iter()
        .fold(String::new(), |text, (name, value)| text + &format!("export {name}={}\n", quoted(value)));
    for name in ["python", "python3"] {
        // A link would not be known as one of its environment.
        let _written = writeln!(
            script,
            "printf '#!/bin/sh\\nexec {python} \"$@\"\\n' > {work}/bin/{name}; chmod 755 {work}/bin/{name}"
        );
    }
    script
}

/// A word for the shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
