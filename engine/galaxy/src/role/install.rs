//! `role install`, and `install` of roles and collections alike.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
};

use rustible_protocol::{Dict, Value, repr};
use rustible_source::{Diagnostic, Kind};
use rustible_yaml::emit::{Options, to_yaml};

use super::{
    requirement::RoleSpec,
    search::{Found, lookup},
    there::{INSTALLED, Role, folders},
    unpack,
};
use crate::{
    archive::{self, write},
    collection::{
        artifacts::Artifacts,
        install::{How, install as install_collections},
        resolve::Rules,
    },
    context::{Context, failed},
    git::RoleSource,
    options::RoleInstall,
    requirements::{Asked, read, two_types},
};

pub(crate) fn run(args: &RoleInstall, context: &Context<'_>, implicit: bool) -> Result<u8, Diagnostic> {
    context.without_signatures(&args.signatures)?;
    let artifacts = Artifacts::new(context)?;
    let mut asked = asked(args, &artifacts)?;
    if !asked.collections.is_empty() && (!implicit || args.own_path) {
        let text = two_types(args.role_file.as_deref().unwrap_or_default(), "collection");
        if implicit {
            context.say.warning(&text);
        } else {
            context.say.verbose(3, &text);
        }
        asked.collections.clear();
    }
    if asked.roles.is_empty() && asked.collections.is_empty() {
        context.say.line("Skipping install, no requirements found");
        return Ok(0);
    }
    if !asked.roles.is_empty() {
        context.say.line("Starting galaxy role install process");
        let folders = folders(&args.paths, context);
        Installer { args, artifacts: &artifacts, folders }.all(asked.roles)?;
    }
    if !asked.collections.is_empty() {
        let path = context.collections.first().cloned().unwrap_or_default();
        let how = How {
            ignore_errors: args.ignore_errors,
            force: args.force,
            force_with_deps: args.force_with_deps,
            disable_gpg_verify: args.disable_gpg_verify,
            rules: Rules { no_deps: args.no_deps, ..Rules::default() },
        };
        install_collections(&asked.collections, &path, how, &artifacts)?;
    }
    Ok(0)
}

fn asked(args: &RoleInstall, artifacts: &Artifacts<'_>) -> Result<Asked, Diagnostic> {
    let Some(file) = &args.role_file else {
        if args.roles.is_empty() {
            return Err(failed("- you must specify a user/role name or a roles file").of_kind(Kind::Options));
        }
        let roles =
            args.roles.iter().map(|role| RoleSpec::of_text(role.trim())).collect::<Result<Vec<_>, _>>()?;
        return Ok(Asked { roles, ..Asked::default() });
    };
    if !file.ends_with(".yaml") && !file.ends_with(".yml") {
        return Err(failed("Invalid role requirements file, it must end with a .yml or .yaml extension"));
    }
    read(&crate::paths::resolve(file), true, artifacts)
}

struct Installer<'a> {
    args: &'a RoleInstall,
    artifacts: &'a Artifacts<'a>,
    folders: Vec<PathBuf>,
}

impl Installer<'_> {
    fn context(&self) -> &Context<'_> {
        self.artifacts.context
    }

    fn all(&self, roles: Vec<RoleSpec>) -> Result<(), Diagnostic> {
        let say = self.context().say;
        let mut names: Vec<String> = roles.iter().map(|role| role.name.clone()).collect();
        let mut waiting: VecDeque<RoleSpec> = roles.into();
        let only = self.args.role_file.is_some() && !self.args.roles.is_empty();
        while let Some(spec) = waiting.pop_front() {
            if only && !self.args.roles.contains(&spec.name) {
                say.verbose(3, &format!("Skipping role {}", spec.name));
                continue;
            }
            say.verbose(3, &format!("Processing role {} ", spec.name));
            let mut role = Role::new(spec, &self.folders)?;
            if !self.is_due(&role) {
                continue;
            }
            match self.install(&mut role) {
                Ok(true) => {}
                Ok(false) => {
                    say.warning(&format!("- {} was NOT installed successfully.", role.spec.name));
                    self.go_on()?;
                    continue;
                }
                Err(error) => {
                    let text = error.summary();
                    say.warning(&format!("- {} was NOT installed successfully: {text} ", role.spec.name));
                    self.go_on()?;
                    continue;
                }
            }
            if self.args.no_deps {
                continue;
            }
            if !role.metadata().is_some_and(|meta| meta.truthy()) {
                say.warning(&format!("Meta file {} is empty. Skipping dependencies.", role.path.display()));
                continue;
            }
            for needed in role.needed()? {
                self.need(RoleSpec::of_value(&needed)?, &role, &mut waiting, &mut names)?;
            }
        }
        Ok(())
    }

    fn go_on(&self) -> Result<(), Diagnostic> {
        if self.args.ignore_errors {
            return Ok(());
        }
        Err(failed("- you can use --ignore-errors to skip failed roles and finish processing the list."))
    }

    /// Whether it is to be installed; what is there before is taken away with `--force`.
    fn is_due(&self, role: &Role) -> bool {
        let Some(version) = role.installed_version() else { return true };
        let say = self.context().say;
        let wanted = role.spec.version.as_deref().filter(|version| !version.is_empty());
        let same = match &role.spec.version {
            None => version.is_null(),
            Some(own) => version.as_str() == Some(own.as_str()),
        };
        let (name, there) = (&role.spec.name, repr::str(&version));
        let new = wanted.unwrap_or("unspecified");
        let force = self.args.force || self.args.force_with_deps;
        if force {
            say.line(&format!("- changing role {name} from {there} to {new}"));
            role.remove();
        } else if same {
            say.line(&format!("- {} is already installed, skipping.", role.spec.shown()));
        } else {
            say.warning(&format!(
                "- {name} ({there}) is already installed - use --force to change version to {new}"
            ));
        }
        force
    }

    /// A role that another one needs.
    fn need(
        &self,
        spec: RoleSpec,
        by: &Role,
        waiting: &mut VecDeque<RoleSpec>,
        names: &mut Vec<String>,
    ) -> Result<(), Diagnostic> {
        let say = self.context().say;
        if !spec.name.contains('.') && !spec.src.contains('.') && spec.scm.is_none() {
            // No server has such a name.
            return Ok(());
        }
        let role = Role::new(spec, &self.folders)?;
        let (name, shown) = (role.spec.name.clone(), role.spec.shown());
        let Some(version) = role.installed_version() else {
            if names.contains(&name) {
                say.line(&format!("- dependency {name} already pending installation."));
            } else {
                say.line(&format!("- adding dependency: {shown}"));
                names.push(name);
                waiting.push_back(role.spec);
            }
            return Ok(());
        };
        let same = match &role.spec.version {
            None => version.is_null(),
            Some(own) => version.as_str() == Some(own.as_str()),
        };
        let there = repr::str(&version);
        let own = role.spec.version.clone().unwrap_or_else(|| "None".into());
        if self.args.force_with_deps {
            if !same {
                let new = if own.is_empty() || own == "None" { "unspecified" } else { &own };
                say.line(&format!("- changing dependent role {name} from {there} to {new}"));
                role.remove();
            }
            // Roles that need each other would be installed for ever.
            if !names.contains(&name) {
                names.push(name);
                waiting.push_back(role.spec);
            }
        } else if same {
            say.line(&format!("- dependency {name} is already installed, skipping."));
        } else {
            say.warning(&format!(
                "- dependency {shown} ({own}) from role {} differs from already installed version ({there}), skipping",
                by.spec.name
            ));
        }
        Ok(())
    }

    /// Whether it is there now.
    fn install(&self, role: &mut Role) -> Result<bool, Diagnostic> {
        if Path::new(&role.spec.name).is_absolute() && role.spec.name != role.spec.src {
            return Err(failed("the name of a role is no path of the whole file system"));
        }
        let Some(archive) = self.archive(role)? else { return Ok(false) };
        let entries = archive::read(&archive)?
            .ok_or_else(|| failed("the downloaded file does not appear to be a valid tar archive."))?;
        let (inside, _) = unpack::locate(&entries)?;
        let last = role.paths.len().saturating_sub(1);
        for (number, path) in role.paths.clone().into_iter().enumerate() {
            role.path = path;
            let shown = role.path.display().to_string();
            self.context().say.line(&format!("- extracting {} to {shown}", role.spec.name));
            self.make_room(role)?;
            match unpack::make(&role.path) {
                Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied && number < last => {
                    continue;
                }
                Err(error) => return Err(failed(format!("Could not update files in {shown}: {error}"))),
                Ok(()) => {}
            }
            unpack::unpack(&entries, &inside, &role.path)?;
            note(role)?;
            break;
        }
        self.context().say.line(&format!("- {} was installed successfully", role.spec.shown()));
        Ok(true)
    }

    fn make_room(&self, role: &Role) -> Result<(), Diagnostic> {
        if !role.path.exists() {
            return Ok(());
        }
        if !role.path.is_dir() {
            return Err(failed("the specified roles path exists and is not a directory."));
        }
        if !self.args.force {
            return Err(failed(format!(
                "the specified role {} appears to already exist. Use --force to replace it.",
                role.spec.name
            )));
        }
        if !role.remove() {
            return Err(failed(format!(
                "{} doesn't appear to contain a role.\n  please remove this directory manually if you really want to \
                 put the role here.",
                role.path.display()
            )));
        }
        Ok(())
    }

    /// The archive with the role, when it could be fetched.
    fn archive(&self, role: &mut Role) -> Result<Option<PathBuf>, Diagnostic> {
        let spec = &role.spec;
        let version = spec.version.as_deref().filter(|version| !version.is_empty());
        if let Some(scm) = &spec.scm {
            let source =
                RoleSource { scm, src: &spec.src, name: &spec.name, version, keep: self.args.keep_scm_meta };
            return source.pack(self.artifacts.work(), self.context()).map(Some);
        }
        if Path::new(&spec.src).is_file() {
            return Ok(Some(PathBuf::from(&spec.src)));
        }
        let url = if spec.src.contains("://") {
            spec.src.clone()
        } else {
            let Found { version, url } = lookup(spec, &self.artifacts.api, self.context())?;
            role.spec.version = Some(version);
            url
        };
        self.fetch(&url)
    }

    fn fetch(&self, url: &str) -> Result<Option<PathBuf>, Diagnostic> {
        let say = self.context().say;
        say.line(&format!("- downloading role from {url}"));
        let outcome = reqwest::Url::parse(url)
            .map_err(|error| failed(error.to_string()))
            .and_then(|url| self.artifacts.api.bytes(&url, None));
        let bytes = match outcome {
            Ok(bytes) => bytes,
            Err(error) => {
                say.error(&format!("failed to download the file: {}", error.summary()));
                return Ok(None);
            }
        };
        let work = self.artifacts.work();
        let folder = tempfile::Builder::new().prefix("role").tempdir_in(work);
        let path = folder.map_err(crate::paths::io(work))?.keep().join("role.tar.gz");
        std::fs::write(&path, bytes).map_err(crate::paths::io(&path))?;
        Ok(Some(path))
    }
}

/// Note version and time in the role.
fn note(role: &Role) -> Result<(), Diagnostic> {
    let version = role.spec.version.as_deref().map_or(Value::Null, Value::from);
    let date = jiff::Timestamp::now().strftime("%a %b %e %H:%M:%S %Y").to_string();
    let info: Dict = [("install_date", Value::from(date)), ("version", version)].into_iter().collect();
    let options = Options { default_flow_style: Some(false), ..Options::default() };
    let path = role.path.join(INSTALLED);
    archive::parents(&role.path, &path)?;
    write(&path, to_yaml(&Value::Dict(info), &options)?.as_bytes(), 0o644)
}
