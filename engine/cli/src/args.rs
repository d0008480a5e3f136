//! The command line of `ansible-playbook`, which is `rustible`'s own.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, builder::RangedU64ValueParser};

/// Run playbooks on hosts.
#[derive(Debug, Parser, Default)]
#[command(
    name = "rustible",
    disable_version_flag = true,
    infer_long_args = true,
    about = "Runs Ansible playbooks, executing the defined tasks on the targeted hosts."
)]
pub(crate) struct Play {
    /// Playbooks, run in order; found as given or in `playbooks/`.
    #[arg(required_unless_present = "version")]
    pub(crate) playbooks: Vec<PathBuf>,
    /// Show version, configuration file and search paths.
    #[arg(long)]
    pub(crate) version: bool,
    #[command(flatten)]
    pub(crate) inventory: InventoryArgs,
    #[command(flatten)]
    pub(crate) chosen: TagArgs,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    #[command(flatten)]
    pub(crate) own: OwnArgs,
    /// Check the playbook's syntax, do not run it.
    #[arg(long)]
    pub(crate) syntax_check: bool,
    /// List all tasks that would be run.
    #[arg(long)]
    pub(crate) list_tasks: bool,
    /// List all tags.
    #[arg(long)]
    pub(crate) list_tags: bool,
    /// List the hosts that match, do nothing else.
    #[arg(long)]
    pub(crate) list_hosts: bool,
    /// Start at the task of this name.
    #[arg(long, value_name = "NAME")]
    pub(crate) start_at_task: Option<String>,
    /// Ask before each task.
    #[arg(long)]
    pub(crate) step: bool,
    /// Run handlers even when a task fails.
    #[arg(long)]
    pub(crate) force_handlers: bool,
    /// Clear the facts of every host in the inventory.
    #[arg(long)]
    pub(crate) flush_cache: bool,
    /// Set when it is no playbook but a task on a pattern.
    #[arg(skip)]
    pub(crate) adhoc: Option<Adhoc>,
    /// The folder that stands for a playbook's where there is none.
    #[arg(skip)]
    pub(crate) playbook_dir: Option<PathBuf>,
}

/// What an ad hoc command adds.
#[derive(Debug, Default, Clone)]
pub(crate) struct Adhoc {
    /// The hosts' pattern.
    pub(crate) pattern: String,
    /// One line for each host.
    pub(crate) one_line: bool,
    /// Folder for results.
    pub(crate) tree: Option<PathBuf>,
}

/// What the commands beside the main one take that work on hosts.
#[derive(Debug, Args, Default, Clone)]
pub(crate) struct HostsArgs {
    /// List the hosts that match, do nothing else.
    #[arg(long)]
    pub(crate) list_hosts: bool,
    /// Clear the facts of every host in the inventory.
    #[arg(long)]
    pub(crate) flush_cache: bool,
    /// Show version, configuration file and search paths.
    #[arg(long)]
    pub(crate) version: bool,
    #[command(flatten)]
    pub(crate) inventory: InventoryArgs,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    #[command(flatten)]
    pub(crate) vault: VaultArgs,
    #[command(flatten)]
    pub(crate) own: OwnArgs,
}

impl HostsArgs {
    /// The same for a run.
    pub(crate) fn play(self) -> Play {
        Play {
            list_hosts: self.list_hosts,
            flush_cache: self.flush_cache,
            inventory: self.inventory,
            connection: self.connection,
            vault: self.vault,
            own: self.own,
            ..Play::default()
        }
    }
}

/// Where hosts come from and which are meant.
#[derive(Debug, Args, Default, Clone)]
pub(crate) struct InventoryArgs {
    /// Inventory file, folder, or hosts with commas.
    #[arg(short, long = "inventory", alias = "inventory-file", value_name = "SOURCE")]
    pub(crate) inventory: Vec<String>,
    /// Only these of the hosts.
    #[arg(short, long, value_name = "PATTERN", allow_hyphen_values = true)]
    pub(crate) limit: Option<String>,
    /// Variables: `k=v`, YAML or JSON text, `@FILE`.
    #[arg(short, long = "extra-vars", value_name = "VARS")]
    pub(crate) extra_vars: Vec<String>,
    /// More detail; up to six times.
    #[arg(short, long, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// Which plays and tasks are meant.
#[derive(Debug, Args, Default, Clone)]
pub(crate) struct TagArgs {
    /// Only plays and tasks with these tags.
    #[arg(short, long, value_name = "TAGS")]
    pub(crate) tags: Vec<String>,
    /// No plays and tasks with these tags.
    #[arg(long, value_name = "TAGS")]
    pub(crate) skip_tags: Vec<String>,
}

/// How it is run.
#[derive(Debug, Args, Default, Clone)]
pub(crate) struct RunArgs {
    /// Change nothing; predict what would be changed.
    #[arg(short = 'C', long)]
    pub(crate) check: bool,
    /// Show the differences of changed files.
    #[arg(short = 'D', long)]
    pub(crate) diff: bool,
    /// How many hosts at once.
    #[arg(short, long, value_name = "N", value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    pub(crate) forks: Option<usize>,
    /// Folders with modules of your own.
    #[arg(short = 'M', long, value_name = "PATH")]
    pub(crate) module_path: Vec<String>,
}

/// How hosts are reached and as whom.
#[derive(Debug, Args, Default, Clone)]
pub(crate) struct ConnectionArgs {
    /// Log in as this user.
    #[arg(short, long, value_name = "USER")]
    pub(crate) user: Option<String>,
    /// Ask for the password to log in.
    #[arg(short = 'k', long)]
    pub(crate) ask_pass: bool,
    /// File with that password.
    #[arg(long, alias = "conn-pass-file", value_name = "FILE", conflicts_with = "ask_pass")]
    pub(crate) connection_password_file: Option<PathBuf>,
    /// Private key to log in with.
    #[arg(long, alias = "key-file", value_name = "FILE")]
    pub(crate) private_key: Option<String>,
    /// Kind of connection: `ssh`, `local`.
    #[arg(short, long, value_name = "KIND")]
    pub(crate) connection: Option<String>,
    /// Seconds until a connection must stand.
    #[arg(short = 'T', long, value_name = "SECONDS")]
    pub(crate) timeout: Option<u64>,
    /// Arguments for ssh, sftp and scp.
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true)]
    pub(crate) ssh_common_args: Option<String>,
    /// Arguments for ssh.
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true)]
    pub(crate) ssh_extra_args: Option<String>,
    /// Arguments for sftp (accepted; no sftp is used).
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true)]
    pub(crate) sftp_extra_args: Option<String>,
    /// Arguments for scp (accepted; no scp is used).
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true)]
    pub(crate) scp_extra_args: Option<String>,
    /// Become another user.
    #[arg(short = 'b', long)]
    pub(crate) r#become: bool,
    /// Which one.
    #[arg(long, value_name = "USER")]
    pub(crate) become_user: Option<String>,
    /// How: `sudo`, `su`, `doas`.
    #[arg(long, value_name = "METHOD")]
    pub(crate) become_method: Option<String>,
    /// Ask for the password to become that user.
    #[arg(short = 'K', long)]
    pub(crate) ask_become_pass: bool,
    /// File with that password.
    #[arg(long, alias = "become-pass-file", value_name = "FILE", conflicts_with = "ask_become_pass")]
    pub(crate) become_password_file: Option<PathBuf>,
}

/// Passwords of vaults.
#[derive(Debug, Args, Default, Clone)]
pub(crate) struct VaultArgs {
    /// `LABEL@SOURCE`: a file, a program, or `prompt`.
    #[arg(long, value_name = "ID")]
    pub(crate) vault_id: Vec<String>,
    /// Ask for the vault's password.
    #[arg(short = 'J', long, alias = "ask-vault-pass")]
    pub(crate) ask_vault_password: bool,
    /// File or program with the vault's password.
    #[arg(long, alias = "vault-pass-file", value_name = "FILE", conflicts_with = "ask_vault_password")]
    pub(crate) vault_password_file: Vec<String>,
}

/// What only rustible has.
#[derive(Debug, Args, Default, Clone)]
pub(crate) struct OwnArgs {
    /// Folder for artifacts of runs.
    #[arg(long, value_name = "DIR")]
    pub(crate) artifacts: Option<PathBuf>,
    /// Name of this run's artifacts.
    #[arg(long, value_name = "ID", requires = "artifacts")]
    pub(crate) ident: Option<String>,
    /// File with environment variables, instead of `.env`; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub(crate) env_file: Vec<PathBuf>,
    /// Do not load `.env`.
    #[arg(long)]
    pub(crate) no_env_file: bool,
    /// What to do with modules that rustible does not have: `refuse` before any host is touched, or `when-reached`.
    #[arg(long, value_name = "WHEN", default_value = "refuse", value_parser = ["refuse", "when-reached"])]
    pub(crate) unsupported: String,
}
