//! The executor's options out of command line and configuration.

use std::collections::HashMap;

use rustible_executor::{ConnectionOptions, Debugger, Options, RightsOptions, VarsRoot};
use rustible_output::Redactor;
use rustible_protocol::Dict;
use rustible_source::{Diagnostic, Kind};

use super::{passwords::Passwords, screen};
use crate::{
    args::Play,
    config::{Config, FOLDER, KEY, KEY_PASSPHRASE, RIGHTS, Rights},
};

/// Everything that is the same for the run.
pub(super) fn options(
    args: &Play,
    config: &Config,
    sources: &[String],
    extra_vars: Dict,
    (passwords, redactor): (Passwords, &Redactor),
) -> Result<Options, Diagnostic> {
    let number = |name: &str| -> Result<Option<u64>, Diagnostic> {
        Ok(config.number(name)?.and_then(|n| u64::try_from(n).ok()))
    };
    let forks = match args.run.forks {
        Some(forks) => forks,
        None => number("DEFAULT_FORKS")?.and_then(|n| usize::try_from(n).ok()).unwrap_or(5),
    };
    let tags = |given: &[String], setting: &str| -> Vec<String> {
        let all = if given.is_empty() { config.list(setting) } else { given.to_vec() };
        all.iter()
            .flat_map(|t| t.split(','))
            .map(|t| t.trim().to_string())
            .filter(|t| !t.is_empty())
            .collect()
    };
    let skip_tags = tags(&args.chosen.skip_tags, "TAGS_SKIP");
    let mut only = tags(&args.chosen.tags, "TAGS_RUN");
    // A listing of tags has all of them, when nobody says otherwise.
    if args.list_tags && only.is_empty() && skip_tags.is_empty() {
        only = vec!["never".into(), "all".into()];
    }
    let mut roles_path = config.paths("DEFAULT_ROLES_PATH");
    // Entry playbooks live beside or below the folder with the roles.
    roles_path.push(std::env::current_dir().unwrap_or_default().join("roles"));
    Ok(Options {
        roles_path,
        extra_vars,
        limit: args.inventory.limit.clone(),
        tags: only,
        skip_tags,
        check: args.run.check,
        diff: args.run.diff || config.flag("DIFF_ALWAYS"),
        forks: forks.max(1),
        verbosity: screen::verbosity(args, config)?,
        start_at_task: args.start_at_task.clone(),
        step: args.step,
        force_handlers: args.force_handlers || config.flag("DEFAULT_FORCE_HANDLERS"),
        gathering: config.text("DEFAULT_GATHERING").unwrap_or_else(|| "implicit".into()),
        facts_modules: config.list("FACTS_MODULES"),
        debugger: Debugger {
            enabled: config.flag("ENABLE_TASK_DEBUGGER"),
            ignore_errors: config.flag("TASK_DEBUGGER_IGNORE_ERRORS"),
        },
        strategy: config.text("DEFAULT_STRATEGY").unwrap_or_else(|| "linear".into()),
        any_errors_fatal: config.flag("ANY_ERRORS_FATAL"),
        error_on_missing_handler: config.flag("ERROR_ON_MISSING_HANDLER"),
        connection: connection(args, config, passwords, redactor)?,
        foreign: super::foreign::options(config)?,
        public_roles: config
            .raw("DEFAULT_PRIVATE_ROLE_VARS")
            .map(|_| !config.flag("DEFAULT_PRIVATE_ROLE_VARS")),
        lenient: args.own.unsupported == "when-reached",
        listing: args.list_tasks || args.list_tags || args.list_hosts,
        config_file: config.file.clone(),
        inventory_sources: sources.to_vec(),
        task_timeout: number("TASK_TIMEOUT")?.and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
        debug: config.flag("DEFAULT_DEBUG"),
        no_log: config.flag("DEFAULT_NO_LOG"),
        inject_invocation: config.flag("INJECT_INVOCATION"),
        inject_facts: config.flag("INJECT_FACTS_AS_VARS"),
        facts_by_default: config.raw("INJECT_FACTS_AS_VARS").is_none(),
        vars_root: vars_root(config)?,
        poll_interval: number("DEFAULT_POLL_INTERVAL")?.unwrap_or(15),
        async_dir: config.text("ASYNC_DIR").unwrap_or_default(),
        max_diff_size: number("MAX_FILE_SIZE_FOR_DIFF")?
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or(104_448),
        ansible_managed: config.text("DEFAULT_MANAGED_STR").unwrap_or_default(),
        merge_hashes: super::merges(config),
        duplicate_keys: super::duplicate_keys(config),
    })
}

fn connection(
    args: &Play,
    config: &Config,
    passwords: Passwords,
    redactor: &Redactor,
) -> Result<ConnectionOptions, Diagnostic> {
    let given = &args.connection;
    let Passwords { connection: password, becoming: become_password } = passwords;
    password.iter().chain(&become_password).for_each(|secret| redactor.add_given(secret));
    let text = |given: &Option<String>, setting: &str| given.clone().or_else(|| config.text(setting));
    let port = config.number("DEFAULT_REMOTE_PORT")?.and_then(|n| u16::try_from(n).ok());
    let retries = config.number("SSH_RETRIES")?.and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
    let timeout = match given.timeout {
        Some(seconds) => seconds,
        None => config.number("DEFAULT_TIMEOUT")?.and_then(|n| u64::try_from(n).ok()).unwrap_or(10),
    };
    Ok(ConnectionOptions {
        connection: text(&given.connection, "DEFAULT_TRANSPORT").unwrap_or_else(|| "ssh".into()),
        user: text(&given.user, "DEFAULT_REMOTE_USER"),
        port,
        private_key: text(&given.private_key, "DEFAULT_PRIVATE_KEY_FILE"),
        key_text: config.text_of(&KEY),
        key_passphrase: config.text_of(&KEY_PASSPHRASE),
        password,
        timeout,
        host_key_checking: config.flag("HOST_KEY_CHECKING"),
        ssh_args: config.text("SSH_ARGS"),
        ssh_common_args: text(&given.ssh_common_args, "SSH_COMMON_ARGS"),
        ssh_extra_args: text(&given.ssh_extra_args, "SSH_EXTRA_ARGS"),
        ssh_executable: config.text("SSH_EXECUTABLE"),
        retries,
        become_on: given.r#become || config.flag("DEFAULT_BECOME"),
        become_method: text(&given.become_method, "DEFAULT_BECOME_METHOD").unwrap_or_else(|| "sudo".into()),
        become_user: given.become_user.clone(),
        rights: rights(config, redactor),
        become_password,
        terminal: !config.flag("WORKER_SESSION_ISOLATION"),
        remote_tmp: config.text("DEFAULT_REMOTE_TMP").unwrap_or_else(|| "~/.ansible/tmp".into()),
    })
}

fn rights(config: &Config, redactor: &Redactor) -> HashMap<String, RightsOptions> {
    let of = |rights: &Rights| {
        let password = config.text_of(&rights.password);
        password.iter().for_each(|secret| redactor.add(secret));
        let options = RightsOptions {
            user: config.text_of(&rights.user),
            exe: config.text_of(&rights.exe),
            flags: config.text_of(&rights.flags),
            folder: config.text_of(&FOLDER),
            password,
        };
        (rights.method.to_string(), options)
    };
    RIGHTS.iter().map(of).collect()
}

fn vars_root(config: &Config) -> Result<VarsRoot, Diagnostic> {
    const NAME: &str = "PLAYBOOK_VARS_ROOT";
    match config.text(NAME).as_deref() {
        None | Some("" | "top") => Ok(VarsRoot::Top),
        Some("bottom") => Ok(VarsRoot::Bottom),
        Some("all") => Ok(VarsRoot::All),
        Some(other) => {
            let text =
                format!("Invalid value '{other}' for config '{NAME}'. Valid values are: top, bottom, all");
            Err(Diagnostic::new(text).of_kind(Kind::Options))
        }
    }
}
