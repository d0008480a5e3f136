//! From YAML to the model of a playbook: plays, blocks, tasks, roles. Nothing is executed or templated here, but for the
//! names of static imports, which the caller renders.

mod frame;
mod free_form;
mod keywords;
mod load;
mod model;
mod names;
mod reserved;
mod variable;

pub use frame::{Frame, FrameKind};
pub use free_form::{parse_kv, split_args};
pub use keywords::{KEYWORDS, Keyword, Level, Type, keyword};
pub use load::{Catalog, Found, Imports, Loader, RoleRequest, Source, collection_playbook, no_attribute};
pub use model::{
    Args, Block, Item, Kind, Loop, LoopControl, Play, Playbook, Role, RoleUse, Task, VarsPrompt,
};
pub use names::{RAW_ACTIONS, redirect};
pub use reserved::{reserved_in, reserved_names};
pub use variable::check_variable_name;
