//! The one table of keywords: where each may stand and whether it is inherited.

/// Where a keyword may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Level {
    /// A play.
    Play = 1,
    /// A block.
    Block = 2,
    /// A task.
    Task = 4,
    /// A handler (everything a task may have, and `listen`).
    Handler = 8,
    /// An entry of `roles`, or of a role's dependencies.
    Role = 16,
    /// `loop_control`.
    LoopControl = 32,
    /// `import_playbook`.
    Import = 64,
}

/// What a keyword's value is, as the reference names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// Text.
    Str,
    /// A boolean, or a template of one.
    Bool,
    /// A whole number, or a template of one.
    Int,
    /// A number, or a template of one.
    Float,
    /// A percentage or number.
    Percent,
    /// A list; a single value is a list of one.
    List,
    /// A mapping.
    Dict,
    /// Anything.
    Any,
}

/// A keyword of the language.
#[derive(Debug, Clone, Copy)]
pub struct Keyword {
    /// As written.
    pub name: &'static str,
    /// Bits of [`Level`].
    pub levels: u8,
    /// Type of its value.
    pub kind: Type,
    /// Whether what is inside takes it over when it has none of its own.
    pub inherited: bool,
}

const P: u8 = 1;
const B: u8 = 2;
const T: u8 = 4 | 8;
const H: u8 = 8;
const R: u8 = 16;
const L: u8 = 32;
const I: u8 = 64;
const BASE: u8 = P | B | T | R | I;

const fn k(name: &'static str, levels: u8, kind: Type, inherited: bool) -> Keyword {
    Keyword { name, levels, kind, inherited }
}

/// Every keyword of the reference.
pub const KEYWORDS: &[Keyword] = &[
    k("name", BASE | I, Type::Str, false),
    k("connection", BASE, Type::Str, true),
    k("port", BASE, Type::Int, true),
    k("remote_user", BASE, Type::Str, true),
    k("vars", BASE | I, Type::Dict, false),
    k("module_defaults", BASE, Type::List, false),
    k("environment", BASE, Type::List, false),
    k("no_log", BASE, Type::Bool, true),
    k("run_once", BASE, Type::Bool, true),
    k("ignore_errors", BASE, Type::Bool, true),
    k("ignore_unreachable", BASE, Type::Bool, true),
    k("check_mode", BASE, Type::Bool, true),
    k("diff", BASE, Type::Bool, true),
    k("any_errors_fatal", BASE, Type::Bool, true),
    k("throttle", BASE, Type::Int, true),
    k("timeout", BASE, Type::Int, true),
    k("debugger", BASE, Type::Str, true),
    k("become", BASE, Type::Bool, true),
    k("become_method", BASE, Type::Str, true),
    k("become_user", BASE, Type::Str, true),
    k("become_flags", BASE, Type::Str, true),
    k("become_exe", BASE, Type::Str, true),
    k("tags", BASE | I, Type::List, false),
    k("collections", BASE, Type::List, true),
    k("when", B | T | R | I, Type::List, false),
    k("delegate_to", B | T | R, Type::Str, true),
    k("delegate_facts", B | T | R, Type::Bool, true),
    k("notify", B | T, Type::List, true),
    k("hosts", P, Type::List, false),
    k("gather_facts", P, Type::Bool, false),
    k("gather_subset", P, Type::List, false),
    k("gather_timeout", P, Type::Int, false),
    k("fact_path", P, Type::Str, false),
    k("vars_files", P, Type::List, false),
    k("vars_prompt", P, Type::List, false),
    k("roles", P, Type::List, false),
    k("tasks", P, Type::List, false),
    k("pre_tasks", P, Type::List, false),
    k("post_tasks", P, Type::List, false),
    k("handlers", P, Type::List, false),
    k("force_handlers", P, Type::Bool, false),
    k("max_fail_percentage", P, Type::Percent, false),
    k("serial", P, Type::List, false),
    k("strategy", P, Type::Str, false),
    k("order", P, Type::Str, false),
    k("validate_argspec", P, Type::Any, false),
    k("block", B, Type::List, false),
    k("rescue", B, Type::List, false),
    k("always", B, Type::List, false),
    k("action", T, Type::Any, false),
    k("local_action", T, Type::Any, false),
    k("args", T, Type::Dict, false),
    k("async", T, Type::Int, false),
    k("poll", T, Type::Int, false),
    k("changed_when", T, Type::List, false),
    k("failed_when", T, Type::List, false),
    k("delay", T, Type::Float, false),
    k("retries", T, Type::Int, false),
    k("until", T, Type::List, false),
    k("register", T, Type::Str, false),
    k("loop", T, Type::Any, false),
    k("loop_control", T, Type::Dict, false),
    k("listen", H, Type::List, false),
    k("role", R, Type::Str, false),
    k("loop_var", L, Type::Str, false),
    k("index_var", L, Type::Str, false),
    k("label", L, Type::Str, false),
    k("pause", L, Type::Float, false),
    k("extended", L, Type::Bool, false),
    k("extended_allitems", L, Type::Bool, false),
    k("break_when", L, Type::List, false),
    k("import_playbook", I, Type::Str, false),
];

/// The keyword of that name that may stand at the level.
#[must_use]
pub fn keyword(name: &str, level: Level) -> Option<&'static Keyword> {
    KEYWORDS.iter().find(|k| k.name == name && k.levels & level as u8 != 0)
}
