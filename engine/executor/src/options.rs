//! What a run is asked to do: command line and configuration, resolved.

use std::{collections::HashMap, path::PathBuf};

use rustible_protocol::Dict;
use rustible_vars::VarsRoot;

/// Everything that is the same for a whole run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folders with roles, after those beside the playbook.
    pub roles_path: Vec<PathBuf>,
    /// `--extra-vars`, merged.
    pub extra_vars: Dict,
    /// `--limit`.
    pub limit: Option<String>,
    /// `--tags`; empty for `all`.
    pub tags: Vec<String>,
    /// `--skip-tags`.
    pub skip_tags: Vec<String>,
    /// `--check`.
    pub check: bool,
    /// `--diff`.
    pub diff: bool,
    /// `--forks`.
    pub forks: usize,
    /// Number of `-v`.
    pub verbosity: u8,
    /// `--start-at-task`.
    pub start_at_task: Option<String>,
    /// `--step`: ask before each task.
    pub step: bool,
    /// `--force-handlers`.
    pub force_handlers: bool,
    /// `gathering`: `implicit`, `explicit` or `smart`.
    pub gathering: String,
    /// `facts_modules`: what gathering runs.
    pub facts_modules: Vec<String>,
    /// When tasks are stopped at.
    pub debugger: Debugger,
    /// `strategy` of plays that name none.
    pub strategy: String,
    /// `any_errors_fatal` of plays that say nothing.
    pub any_errors_fatal: bool,
    /// `error_on_missing_handler`.
    pub error_on_missing_handler: bool,
    /// Settings of connections that no variable overrides.
    pub connection: ConnectionOptions,
    /// Settings of modules that are not rustible's own.
    pub foreign: ForeignOptions,
    /// Put the refusal of unsupported actions off to the moment a host gets there.
    pub lenient: bool,
    /// Nothing runs, tasks are only shown: actions that rustible lacks are let be.
    pub listing: bool,
    /// Whether roles that do not say show their variables to the rest of the play, when that is configured.
    pub public_roles: Option<bool>,
    /// `ansible.cfg` in use.
    pub config_file: Option<PathBuf>,
    /// Inventory sources as given.
    pub inventory_sources: Vec<String>,
    /// `task_timeout` of tasks that name none, in seconds; 0 for none.
    pub task_timeout: u32,
    /// Tell of steps that the engine adds by itself, too.
    pub debug: bool,
    /// `no_log` of tasks that say nothing.
    pub no_log: bool,
    /// `inject_invocation` where no variable says otherwise.
    pub inject_invocation: bool,
    /// `inject_facts_as_vars`.
    pub inject_facts: bool,
    /// Nobody set `inject_facts_as_vars`.
    pub facts_by_default: bool,
    /// `playbook_vars_root`.
    pub vars_root: VarsRoot,
    /// `poll` of background jobs that name none, in seconds.
    pub poll_interval: u64,
    /// `async_dir`: folder of background jobs' states on targets.
    pub async_dir: String,
    /// `max_diff_size`, in bytes.
    pub max_diff_size: usize,
    /// `ansible_managed` of templates, as configured.
    pub ansible_managed: String,
    /// Keys given twice in mappings of playbooks and variable files.
    pub duplicate_keys: rustible_yaml::DuplicateKeys,
    /// `hash_behaviour` is `merge`.
    pub merge_hashes: bool,
}

/// Settings of modules that are not rustible's own.
#[derive(Debug, Clone, Default)]
pub struct ForeignOptions {
    /// `interpreter_python`: a path, `auto` or `auto_silent`; empty is `auto`.
    pub python: String,
    /// `python_module_rlimit_nofile`: the soft limit of open files; 0 for none.
    pub open_files: u64,
    /// `no_target_syslog`.
    pub no_target_syslog: bool,
    /// `syslog_facility`.
    pub syslog_facility: String,
    /// `target_log_info`.
    pub target_log_info: String,
    /// `display_traceback`: of which events modules in Python give traces (`error`, `warning`, ...).
    pub traces: Vec<String>,
}

/// When tasks are stopped at that say nothing of it.
#[derive(Debug, Clone, Copy)]
pub struct Debugger {
    /// `enable_task_debugger`: at failures and hosts that cannot be reached.
    pub enabled: bool,
    /// `task_debugger_ignore_errors`: not at failures that are ignored.
    pub ignore_errors: bool,
}

/// Settings of connections that no variable overrides.
#[derive(Debug, Clone)]
pub struct ConnectionOptions {
    /// `--connection`, `transport`: `ssh`, `local` ...
    pub connection: String,
    /// `--user`, `remote_user`.
    pub user: Option<String>,
    /// `remote_port`.
    pub port: Option<u16>,
    /// `--private-key`, `private_key_file`.
    pub private_key: Option<String>,
    /// A private key itself.
    pub key_text: Option<String>,
    /// What opens the private key.
    pub key_passphrase: Option<String>,
    /// Answer to `--ask-pass`, or a password file's content.
    pub password: Option<String>,
    /// `--timeout`, in seconds.
    pub timeout: u64,
    /// `host_key_checking`.
    pub host_key_checking: bool,
    /// `ssh_args`, `--ssh-common-args`, `--ssh-extra-args`.
    pub ssh_args: Option<String>,
    /// `--ssh-common-args`.
    pub ssh_common_args: Option<String>,
    /// `--ssh-extra-args`.
    pub ssh_extra_args: Option<String>,
    /// `ssh_executable`.
    pub ssh_executable: Option<String>,
    /// `retries` of the `ssh_connection` section.
    pub retries: u32,
    /// `--become`.
    pub become_on: bool,
    /// `--become-method`.
    pub become_method: String,
    /// `--become-user`.
    pub become_user: Option<String>,
    /// Configuration of the methods, by their names.
    pub rights: HashMap<String, RightsOptions>,
    /// Answer to `--ask-become-pass`, or a password file's content.
    pub become_password: Option<String>,
    /// `remote_tmp`.
    pub remote_tmp: String,
    /// What runs on this machine may use the terminal.
    pub terminal: bool,
}

/// How a become method is configured.
#[derive(Debug, Clone, Default)]
pub struct RightsOptions {
    /// User to become.
    pub user: Option<String>,
    /// The program.
    pub exe: Option<String>,
    /// Its options.
    pub flags: Option<String>,
    /// Where to be before the rights change.
    pub folder: Option<String>,
    /// The password, for when nobody was asked for one.
    pub password: Option<String>,
}

impl Default for ConnectionOptions {
    fn default() -> Self {
        Self {
            connection: "ssh".into(),
            user: None,
            port: None,
            private_key: None,
            key_text: None,
            key_passphrase: None,
            password: None,
            timeout: 10,
            host_key_checking: true,
            ssh_args: None,
            ssh_common_args: None,
            ssh_extra_args: None,
            ssh_executable: None,
            retries: 0,
            become_on: false,
            become_method: "sudo".into(),
            become_user: None,
            rights: HashMap::new(),
            become_password: None,
            remote_tmp: "~/.ansible/tmp".into(),
            terminal: false,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            duplicate_keys: rustible_yaml::DuplicateKeys::default(),
            roles_path: Vec::new(),
            extra_vars: Dict::new(),
            limit: None,
            tags: Vec::new(),
            skip_tags: Vec::new(),
            check: false,
            diff: false,
            forks: 5,
            verbosity: 0,
            start_at_task: None,
            step: false,
            force_handlers: false,
            gathering: "implicit".into(),
            facts_modules: vec!["smart".into()],
            debugger: Debugger { enabled: false, ignore_errors: true },
            strategy: "linear".into(),
            any_errors_fatal: false,
            error_on_missing_handler: true,
            connection: ConnectionOptions::default(),
            foreign: ForeignOptions::default(),
            lenient: false,
            listing: false,
            public_roles: None,
            config_file: None,
            inventory_sources: Vec::new(),
            task_timeout: 0,
            debug: false,
            no_log: false,
            inject_invocation: false,
            inject_facts: true,
            facts_by_default: true,
            vars_root: VarsRoot::Top,
            poll_interval: 15,
            async_dir: "~/.ansible_async".into(),
            max_diff_size: 104_448,
            ansible_managed: "Ansible managed".into(),
            merge_hashes: false,
        }
    }
}
