//! `role remove`.

use rustible_source::Diagnostic;

use super::{
    requirement::RoleSpec,
    there::{Role, folders},
};
use crate::{context::Context, options::RoleRemove};

pub(crate) fn run(args: &RoleRemove, context: &Context<'_>) -> Result<u8, Diagnostic> {
    let folders = folders(&args.paths, context);
    for name in &args.roles {
        let role = Role::new(RoleSpec { name: name.clone(), ..RoleSpec::default() }, &folders)?;
        context.say.line(&if role.remove() {
            format!("- successfully removed {name}")
        } else {
            format!("- {name} is not installed, skipping.")
        });
    }
    Ok(0)
}
