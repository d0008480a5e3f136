//! `vault` and `unvault`: encrypted text with a secret of its own.

use std::rc::Rc;

use rustible_protocol::Text;
use rustible_vault::{Secret, Secrets};

use super::Table;
use crate::{
    args::bind,
    context::Ctx,
    repr,
    rt::{Args, Res, Rt, fail},
};

pub(crate) const TABLE: Table = &[("vault", vault), ("unvault", unvault)];

/// The id that vaults made by a filter carry.
const ID: &str = "filter_default";

fn text_argument(value: &Rt, what: &str) -> Res<String> {
    match value {
        Rt::Str(text) => Ok(text.to_string()),
        other => Err(fail(format!("{what}, instead we got <class '{}'>.", other.type_name()))),
    }
}

fn vault(ctx: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("do_vault", args, &["secret", "salt", "vault_id", "wrap_object", "vaultid"])?;
    let secret = text_argument(args.need(0)?, "Secret passed is required to be a string")?;
    let data = text_argument(&input, "Can only vault strings")?;
    let id = args.text(2, ID)?;
    let secret = Secret::new(id.as_str(), secret.into_bytes());
    let made = match args.opt_text(1)? {
        Some(salt) => secret.encrypt_with_salt(data.as_bytes(), Some(&id), salt.as_bytes()),
        None => secret.encrypt(data.as_bytes(), Some(&id)),
    };
    let made = made.map_err(|e| fail(format!("Unable to encrypt: {e}")))?;
    let envelope = Text::untrusted(String::from_utf8_lossy(&made).into_owned());
    if args.flag(3, false)? {
        // As a value that was written with `!vault`.
        ctx.shared.secrets.set(true);
        return Ok(ctx.opened(data, &envelope));
    }
    Ok(Rt::Str(envelope))
}

fn unvault(ctx: &Rc<Ctx>, input: Rt, args: Args) -> Res<Rt> {
    let args = bind("do_unvault", args, &["secret", "vault_id", "vaultid"])?;
    let secret = text_argument(args.need(0)?, "Secret passed is required to be a string")?;
    let data = match &input {
        // What no secret of the run opens may have one of its own.
        Rt::Undef(marker) => marker.sealed.clone().ok_or_else(|| marker.clone())?.to_string(),
        other => repr::text(other)?,
    };
    if !rustible_vault::is_encrypted(data.as_bytes()) {
        return Ok(input);
    }
    let mut secrets = Secrets::new();
    secrets.add(Secret::new(args.text(1, ID)?, secret.into_bytes()));
    let plain = secrets.decrypt(data.as_bytes()).map_err(|e| fail(format!("Unable to decrypt: {e}")))?;
    ctx.shared.secrets.set(true);
    Ok(Rt::Str(Text::untrusted(String::from_utf8_lossy(&plain).into_owned()).with_secret(true)))
}
