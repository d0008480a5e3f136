//! `ansible.builtin.pip`: Python packages of a virtual environment or of the system.

mod names;

use rustible_sdk::{host::command::split, prelude::*};

use names::Wanted;

/// Keep Python packages.
#[derive(Args)]
#[expect(clippy::duplicated_attributes, reason = "rules share arguments")]
#[args(check = full, required_one_of(name, requirements))]
#[args(mutually_exclusive(name, requirements), mutually_exclusive(executable, virtualenv))]
#[args(mutually_exclusive(editable, requirements))]
pub(crate) struct Args {
    /// What is to be there.
    #[arg(default = "present")]
    state: State,
    /// Names, addresses or paths of packages.
    name: Option<Vec<String>>,
    /// The version of the one package.
    version: Option<String>,
    /// A file that names packages.
    requirements: Option<String>,
    /// Folder of a virtual environment; made when it is missing.
    virtualenv: Option<PathBuf>,
    /// Whether a new environment sees the system's packages.
    #[arg(default = false)]
    virtualenv_site_packages: bool,
    /// The command that makes environments.
    #[arg(default = "virtualenv")]
    virtualenv_command: PathBuf,
    /// The Python of a new environment.
    virtualenv_python: Option<String>,
    /// More words for pip.
    extra_args: Option<String>,
    /// Install links to sources.
    #[arg(default = false)]
    editable: bool,
    /// The folder pip runs in.
    chdir: Option<PathBuf>,
    /// The pip that is used.
    executable: Option<PathBuf>,
    /// Permissions that new files lack, octal.
    umask: Option<String>,
    /// Install although the system's packages are managed otherwise.
    #[arg(default = false)]
    break_system_packages: bool,
}

#[derive(Choice, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Present,
    Absent,
    Latest,
    #[choice("forcereinstall")]
    ForceReinstall,
}

/// pip, and where and how it runs.
struct Pip {
    /// The words that start it.
    argv: Vec<String>,
    /// Python that has the same packages.
    python: Vec<String>,
    cwd: PathBuf,
    env: Vec<(String, String)>,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    if args.umask.is_some() {
        fail!("umask is not supported by this pip: commands run with the connection's own");
    }
    if args.state == State::Latest && args.version.is_some() {
        fail!("version is incompatible with state=latest");
    }
    let cwd = args.chdir.clone().unwrap_or_else(|| PathBuf::from("/tmp"));
    let env =
        args.virtualenv.as_ref().map(|env| args.chdir.as_ref().map_or(env.clone(), |dir| dir.join(env)));
    let mut said = Output::default();
    let mut made = None;
    if let Some(env) = &env
        && !host.exists(env.join("bin/activate"))?
    {
        if host.check_mode() {
            return Ok(Outcome::new().changed(true));
        }
        let (cmd, output) = args.make_environment(env, &cwd, host)?;
        made = Some(cmd);
        said = output;
    }
    let pip = args.pip(env.as_deref(), cwd, host)?;
    let wanted = args.wanted()?;
    let cmd = args.command(&pip, &wanted)?;
    if args.requirements.is_none() && args.name.is_none() {
        return Ok(Outcome::new().changed(made.is_some()));
    }
    if host.check_mode() {
        return args.foretold(&pip, &wanted, host);
    }
    let from_repository = args.name.iter().flatten().any(|name| names::is_repository(name));
    let compare = args.requirements.is_some() || from_repository;
    let before = if compare { Some(pip.listed(host)?.1) } else { None };
    let output = host.query(&pip.command(cmd.iter().cloned()))?;
    said.stdout.push_str(&output.stdout);
    said.stderr.push_str(&output.stderr);
    let absent = args.state == State::Absent;
    let was_absent = output.stdout.contains("not installed") || output.stderr.contains("not installed");
    let needless = absent && was_absent && output.rc == 1;
    if !output.ok() && !needless {
        return Err(failed(&cmd, &said));
    }
    let changed = match before {
        _ if absent => output.stdout.contains("Successfully uninstalled"),
        None => output.stdout.contains("Successfully installed"),
        Some(before) => pip.listed(host)?.1 != before,
    };
    let name: Option<Vec<Value>> = args.name.as_ref().map(|names| names.iter().map(Value::from).collect());
    Ok(Outcome::new()
        .with("cmd", cmd.iter().map(Value::from).collect::<Vec<_>>())
        .with("name", name)
        .with("version", args.version.clone())
        .with("state", args.state.as_str())
        .with("requirements", args.requirements.clone())
        .with("virtualenv", env.map(|env| env.to_string_lossy().into_owned()))
        .with("stdout", said.stdout)
        .with("stderr", said.stderr)
        .changed(changed || made.is_some()))
}

fn failed(cmd: &[String], said: &Output) -> Failure {
    let mut msg = String::new();
    if !said.stdout.is_empty() {
        msg = format!("stdout: {}", said.stdout);
    }
    if !said.stderr.is_empty() {
        msg = format!("{msg}\n:stderr: {}", said.stderr);
    }
    Failure::new(msg).with("cmd", cmd.iter().map(Value::from).collect::<Vec<_>>())
}

impl Args {
    /// The packages, the version put to the only one.
    fn wanted(&self) -> Result<Vec<Wanted>> {
        let Some(names) = &self.name else { return Ok(Vec::new()) };
        let mut all = names::recovered(names);
        let Some(version) = &self.version else { return Ok(all) };
        if all.len() > 1 {
            fail!(
                "'version' argument is ambiguous when installing multiple package distributions. Please specify \
                 version restrictions next to each package in 'name' argument."
            );
        }
        if all.iter().any(|one| !one.conditions.is_empty()) {
            fail!(
                "The 'version' argument conflicts with any version specifier provided along with a package name. \
                 Please keep the version specifier, but remove the 'version' argument."
            );
        }
        all.iter_mut().for_each(|one| *one = one.with_version(version));
        Ok(all)
    }

    fn command(&self, pip: &Pip, wanted: &[Wanted]) -> Result<Vec<String>> {
        let words: &[&str] = match self.state {
            State::Present => &["install"],
            State::Absent => &["uninstall", "-y"],
            State::Latest => &["install", "-U"],
            State::ForceReinstall => &["install", "-U", "--force-reinstall"],
        };
        let mut cmd = pip.argv.clone();
        cmd.extend(words.iter().map(ToString::to_string));
        cmd.extend(split(self.extra_args.as_deref().unwrap_or_default())?);
        for one in wanted {
            if self.editable {
                cmd.push("-e".to_string());
            }
            cmd.push(one.text.clone());
        }
        if let Some(file) = &self.requirements {
            cmd.extend(["-r".to_string(), file.clone()]);
        }
        Ok(cmd)
    }

    /// pip of the environment, the one that was named, or that of the system's Python.
    fn pip(&self, env: Option<&Path>, cwd: PathBuf, host: &Host) -> Result<Pip> {
        let mut own = Vec::new();
        if self.break_system_packages {
            own.push(("PIP_BREAK_SYSTEM_PACKAGES".to_string(), "1".to_string()));
        }
        let text = |path: &Path| path.to_string_lossy().into_owned();
        if let Some(env) = env {
            let bin = env.join("bin");
            let Some(pip) = ["pip3", "pip"].iter().map(|name| bin.join(name)).find(|path| host.may(path, 1))
            else {
                fail!(
                    "Unable to find pip in the virtualenv, {}, under any of these names: pip3, pip. Make sure pip is \
                     present in the virtualenv.",
                    env.display()
                );
            };
            let path = host.env("PATH").unwrap_or_default();
            own.push(("PATH".to_string(), format!("{}:{path}", bin.display())));
            return Ok(Pip {
                argv: vec![text(&pip)],
                python: vec![text(&bin.join("python"))],
                cwd,
                env: own,
            });
        }
        let python = host.find_program("python3").map(|path| text(&path));
        if let Some(pip) = &self.executable {
            let name = text(pip);
            let Some(found) = host.find_program(&name) else {
                fail!("Unable to find any of {name} to use.  pip needs to be installed.");
            };
            let python = python.into_iter().collect();
            return Ok(Pip { argv: vec![text(&found)], python, cwd, env: own });
        }
        if let Some(python) = &python {
            let command = Command::new([python.as_str(), "-c", "import pip"]);
            if host.query(&command)?.ok() {
                let argv = vec![python.clone(), "-m".to_string(), "pip".to_string()];
                return Ok(Pip { argv, python: vec![python.clone()], cwd, env: own });
            }
        }
        let Some(found) = host.find_program("pip3") else {
            fail!("Unable to find any of pip3 to use.  pip needs to be installed.");
        };
        Ok(Pip { argv: vec![text(&found)], python: python.into_iter().collect(), cwd, env: own })
    }

    fn make_environment(&self, env: &Path, cwd: &Path, host: &mut Host) -> Result<(Vec<String>, Output)> {
        let mut cmd = split(&self.virtualenv_command.to_string_lossy())?;
        let module = cmd.iter().position(|word| word == "-m").and_then(|at| cmd.get(at + 1));
        let is_venv = cmd.first().is_some_and(|first| first == "pyvenv")
            || module.is_some_and(|name| name == "venv")
            || cmd.iter().any(|word| word == "-mvenv");
        if let Some(first) = cmd.first_mut().filter(|first| !first.contains('/')) {
            *first = host.need_program(first)?;
        }
        if self.virtualenv_site_packages {
            cmd.push("--system-site-packages".to_string());
        } else if let Some(first) = cmd.first() {
            let help = host.query(&Command::new([first.as_str(), "--help"]))?;
            if !help.ok() {
                let said = help.stdout + &help.stderr;
                fail!("Could not get output from {first} --help: {said}");
            }
            if help.stdout.split_whitespace().any(|word| word == "--no-site-packages") {
                cmd.push("--no-site-packages".to_string());
            }
        }
        match (is_venv, &self.virtualenv_python) {
            (true, Some(_)) => fail!(
                "virtualenv_python should not be used when using the venv module or pyvenv as virtualenv_command"
            ),
            (true, None) => {}
            (false, Some(python)) => cmd.push(format!("-p{python}")),
            (false, None) => cmd.push(format!("-p{}", host.need_program("python3")?)),
        }
        cmd.push(env.to_string_lossy().into_owned());
        let output = host.change(&Command::new(cmd.iter().cloned()).dir(cwd))?;
        if output.ok() { Ok((cmd, output)) } else { Err(failed(&cmd, &output)) }
    }

    /// What would change, without changing it.
    fn foretold(&self, pip: &Pip, wanted: &[Wanted], host: &mut Host) -> Result<Outcome> {
        if self.extra_args.is_some() || self.requirements.is_some() || self.state == State::Latest {
            return Ok(Outcome::new().changed(true));
        }
        if let Some(one) = wanted.iter().find(|one| one.name.is_none()) {
            host.warn(format!(
                "what {} brings is not looked up in check mode; it counts as missing",
                one.text
            ));
        }
        let (cmd, listed) = pip.listed(host)?;
        let mut changed = false;
        for one in wanted {
            let there = names::is_present(one, &listed, &pip.python, host)?;
            changed |= match self.state {
                State::Present => !there,
                State::Absent => there,
                State::Latest | State::ForceReinstall => false,
            };
        }
        Ok(Outcome::new().with("cmd", cmd).with("stdout", listed).with("stderr", "").changed(changed))
    }
}

impl Pip {
    fn command(&self, argv: impl IntoIterator<Item = String>) -> Command {
        let command = Command::new(argv).dir(&self.cwd).plain_language();
        self.env.iter().fold(command, |command, (name, value)| command.env(name, value.as_str()))
    }

    /// The command that lists what is installed, and what it says.
    fn listed(&self, host: &Host) -> Result<(String, String)> {
        for words in [&["list", "--format=freeze"][..], &["freeze"]] {
            let cmd: Vec<String> =
                self.argv.iter().cloned().chain(words.iter().map(ToString::to_string)).collect();
            let output = host.query(&self.command(cmd.iter().cloned()))?;
            if output.ok() {
                return Ok((cmd.join(" "), output.stdout));
            }
            if words.len() == 1 {
                return Err(failed(&cmd, &output));
            }
        }
        Ok((String::new(), String::new()))
    }
}
