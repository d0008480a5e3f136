//! The command line of `ansible-galaxy`.

use clap::{ArgAction, Args, Parser, Subcommand};

/// Perform various operations on roles and collections.
#[derive(Debug, Parser)]
#[command(name = "ansible-galaxy", disable_version_flag = true, infer_long_args = true)]
pub struct Options {
    /// Roles or collections.
    #[command(subcommand)]
    pub area: Area,
    /// Whether `role` was not written but meant.
    #[arg(skip)]
    pub implicit_role: bool,
    /// More detail; up to six times.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// The server's URL, or its name in the configuration.
    #[arg(short, long, global = true, value_name = "API_SERVER")]
    pub server: Option<String>,
    /// Token of the server's API.
    #[arg(long, alias = "api-key", global = true)]
    pub token: Option<String>,
    /// Accept any certificate.
    #[arg(short = 'c', long, global = true)]
    pub ignore_certs: bool,
    /// Seconds to wait for the server; 60.
    #[arg(long, global = true)]
    pub timeout: Option<u64>,
}

impl Options {
    /// The command line; `role` is put where neither `role` nor `collection` is written.
    ///
    /// # Errors
    /// What clap says of a command line that is not right.
    pub fn read(args: &[String]) -> Result<Self, clap::Error> {
        let mut words = args.to_vec();
        let shown = ["-h", "--help", "--version"];
        let implicit = words.get(1).is_some_and(|first| !shown.contains(&first.as_str()))
            && !words.iter().any(|word| word == "role" || word == "collection");
        if implicit {
            words.insert(1, "role".into());
        }
        let mut options = Self::try_parse_from(&words)?;
        options.implicit_role = implicit;
        if let Area::Role { action: RoleAction::Install(install) } = &mut options.area {
            install.own_path = words.iter().any(|word| word == "-p" || word == "--roles-path");
        }
        Ok(options)
    }
}

/// What is worked on.
#[derive(Debug, Subcommand)]
pub enum Area {
    /// Manage collections.
    Collection {
        /// What to do.
        #[command(subcommand)]
        action: CollectionAction,
    },
    /// Manage roles.
    Role {
        /// What to do.
        #[command(subcommand)]
        action: RoleAction,
    },
}

/// What can be done with collections.
#[derive(Debug, Subcommand)]
pub enum CollectionAction {
    /// Download collections and what they need, for an installation without a server.
    Download(Download),
    /// Start a new collection.
    Init(CollectionInit),
    /// Build the archive of a collection.
    Build(Build),
    /// Give a collection's archive to a server.
    Publish(Anything),
    /// Install collections.
    Install(CollectionInstall),
    /// Show what is installed.
    List(CollectionList),
    /// Compare what is installed with its checksums.
    Verify(Verify),
}

/// What can be done with roles.
#[derive(Debug, Subcommand)]
pub enum RoleAction {
    /// Start a new role.
    Init(RoleInit),
    /// Remove installed roles.
    Remove(RoleRemove),
    /// Remove a role from the server.
    Delete(Anything),
    /// Show what is installed.
    List(RoleList),
    /// Search the server.
    Search(Search),
    /// Import a role into the server.
    Import(Anything),
    /// Manage the server's integrations.
    Setup(Anything),
    /// Show details of roles.
    Info(Info),
    /// Install roles.
    Install(RoleInstall),
}

/// Words of an action that is refused.
#[derive(Debug, Args)]
pub struct Anything {
    /// Its words.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub words: Vec<String>,
}

/// Of the server's answers that are kept.
#[derive(Debug, Args)]
pub struct Cache {
    /// Forget kept answers of servers.
    #[arg(long)]
    pub clear_response_cache: bool,
    /// Do not use kept answers of servers.
    #[arg(long)]
    pub no_cache: bool,
}

/// `collection download`.
#[derive(Debug, Args)]
pub struct Download {
    /// Collections.
    pub collections: Vec<String>,
    /// Leave out what they need.
    #[arg(short, long)]
    pub no_deps: bool,
    /// Where to.
    #[arg(short = 'p', long, default_value = "./collections")]
    pub download_path: String,
    /// A file of requirements.
    #[arg(short, long)]
    pub requirements_file: Option<String>,
    /// Take pre-releases, too.
    #[arg(long)]
    pub pre: bool,
    #[command(flatten)]
    pub cache: Cache,
}

/// `collection init`.
#[derive(Debug, Args)]
pub struct CollectionInit {
    /// `namespace.name`.
    pub collection_name: String,
    /// The folder to make it in.
    #[arg(long, default_value = "./")]
    pub init_path: String,
    /// A folder to begin with.
    #[arg(long)]
    pub collection_skeleton: Option<String>,
    /// Overwrite one that is there.
    #[arg(short, long)]
    pub force: bool,
    /// Variables of the skeleton: `key=value`, YAML, JSON, or `@file`.
    #[arg(short, long)]
    pub extra_vars: Vec<String>,
}

/// `collection build`.
#[derive(Debug, Args)]
pub struct Build {
    /// Folders of collections.
    #[arg(default_value = ".")]
    pub collections: Vec<String>,
    /// Overwrite an archive that is there.
    #[arg(short, long)]
    pub force: bool,
    /// The archive's folder.
    #[arg(long, default_value = "./")]
    pub output_path: String,
}

/// `collection install`.
#[derive(Debug, Args)]
pub struct CollectionInstall {
    /// Names, paths, URLs.
    pub collections: Vec<String>,
    /// Go on after an error.
    #[arg(short, long)]
    pub ignore_errors: bool,
    /// Leave out what they need.
    #[arg(short, long, conflicts_with = "force_with_deps")]
    pub no_deps: bool,
    /// Overwrite them and what they need.
    #[arg(long)]
    pub force_with_deps: bool,
    /// Overwrite what is there.
    #[arg(short, long)]
    pub force: bool,
    /// Where to.
    #[arg(short = 'p', long)]
    pub collections_path: Option<String>,
    /// A file of requirements.
    #[arg(short, long)]
    pub requirements_file: Option<String>,
    /// Take pre-releases, too.
    #[arg(long)]
    pub pre: bool,
    /// Take newer versions of what is there.
    #[arg(short = 'U', long)]
    pub upgrade: bool,
    /// Ask no server.
    #[arg(long)]
    pub offline: bool,
    /// Do not verify signatures.
    #[arg(long)]
    pub disable_gpg_verify: bool,
    #[command(flatten)]
    pub signatures: Signatures,
    #[command(flatten)]
    pub cache: Cache,
}

/// Signatures of collections, which are not verified here.
#[derive(Debug, Args, Default)]
pub struct Signatures {
    /// The keyring.
    #[arg(long)]
    pub keyring: Option<String>,
    /// A signature's source.
    #[arg(long)]
    pub signature: Vec<String>,
    /// How many signatures must be valid.
    #[arg(long)]
    pub required_valid_signature_count: Option<String>,
    /// Errors of signatures to ignore.
    #[arg(long, alias = "ignore-signature-status-code", num_args = 1..)]
    pub ignore_signature_status_codes: Vec<String>,
}

/// `collection list`.
#[derive(Debug, Args)]
pub struct CollectionList {
    /// One collection.
    pub collection: Option<String>,
    /// Folders to look in, too.
    #[arg(short = 'p', long)]
    pub collections_path: Vec<String>,
    /// How it is written.
    #[arg(long, value_parser = ["human", "yaml", "json"], default_value = "human")]
    pub format: String,
}

/// `collection verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// Collections.
    pub collections: Vec<String>,
    /// Go on after an error.
    #[arg(short, long)]
    pub ignore_errors: bool,
    /// Ask no server.
    #[arg(long)]
    pub offline: bool,
    /// A file of requirements.
    #[arg(short, long)]
    pub requirements_file: Option<String>,
    /// Folders to look in, too.
    #[arg(short = 'p', long)]
    pub collections_path: Vec<String>,
    #[command(flatten)]
    pub signatures: Signatures,
}

/// Where roles are.
#[derive(Debug, Args)]
pub struct RolesPath {
    /// Folders of roles, before those of the configuration.
    #[arg(short = 'p', long)]
    pub roles_path: Vec<String>,
}

/// `role init`.
#[derive(Debug, Args)]
pub struct RoleInit {
    /// The role's name.
    pub role_name: String,
    /// The folder to make it in.
    #[arg(long, default_value = "./")]
    pub init_path: String,
    /// A folder to begin with.
    #[arg(long)]
    pub role_skeleton: Option<String>,
    /// The kind of role; only `default` is built in.
    #[arg(long = "type", default_value = "default")]
    pub role_type: String,
    /// Overwrite one that is there.
    #[arg(short, long)]
    pub force: bool,
    /// Ask no server, which is never done.
    #[arg(long)]
    pub offline: bool,
    /// Variables of the skeleton: `key=value`, YAML, JSON, or `@file`.
    #[arg(short, long)]
    pub extra_vars: Vec<String>,
}

/// `role remove`.
#[derive(Debug, Args)]
pub struct RoleRemove {
    /// Roles.
    #[arg(required = true)]
    pub roles: Vec<String>,
    #[command(flatten)]
    pub paths: RolesPath,
}

/// `role list`.
#[derive(Debug, Args)]
pub struct RoleList {
    /// One role.
    pub role: Option<String>,
    #[command(flatten)]
    pub paths: RolesPath,
}

/// `role search`.
#[derive(Debug, Args)]
pub struct Search {
    /// Words to search for.
    pub terms: Vec<String>,
    /// Platforms.
    #[arg(long)]
    pub platforms: Option<String>,
    /// Tags.
    #[arg(long)]
    pub galaxy_tags: Option<String>,
    /// Author.
    #[arg(long)]
    pub author: Option<String>,
}

/// `role info`.
#[derive(Debug, Args)]
pub struct Info {
    /// Roles.
    #[arg(required = true)]
    pub roles: Vec<String>,
    /// Ask no server.
    #[arg(long)]
    pub offline: bool,
    #[command(flatten)]
    pub paths: RolesPath,
}

/// `role install`.
#[derive(Debug, Args)]
pub struct RoleInstall {
    /// Names, paths, URLs.
    pub roles: Vec<String>,
    /// Go on after an error.
    #[arg(short, long)]
    pub ignore_errors: bool,
    /// Leave out what they need.
    #[arg(short, long, conflicts_with = "force_with_deps")]
    pub no_deps: bool,
    /// Overwrite them and what they need.
    #[arg(long)]
    pub force_with_deps: bool,
    /// Overwrite what is there.
    #[arg(short, long)]
    pub force: bool,
    /// A file of requirements.
    #[arg(short, long)]
    pub role_file: Option<String>,
    /// Keep what git keeps beside the files.
    #[arg(short = 'g', long)]
    pub keep_scm_meta: bool,
    /// Do not verify signatures of collections.
    #[arg(long)]
    pub disable_gpg_verify: bool,
    #[command(flatten)]
    pub signatures: Signatures,
    #[command(flatten)]
    pub paths: RolesPath,
    /// Whether a path of roles is on the command line.
    #[arg(skip)]
    pub own_path: bool,
}
