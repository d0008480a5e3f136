//! `file` and `unvault`: what is in files of the controller.

use rustible_protocol::Text;

use super::Call;
use crate::rt::{Res, Rt, fail};

/// The text of a file, decrypted when it is a vault; secret then.
pub(super) fn read(call: &Call, path: &std::path::Path) -> Res<Text> {
    read_encoded(call, path, "utf-8")
}

/// The same with a file in that encoding, unless it is a vault.
pub(super) fn read_encoded(call: &Call, path: &std::path::Path, encoding: &str) -> Res<Text> {
    let bytes = std::fs::read(path).map_err(|e| fail(format!("Unable to read {}: {e}", path.display())))?;
    if !encoding.eq_ignore_ascii_case("utf-8") && !bytes.starts_with(b"$ANSIBLE_VAULT;") {
        return super::encoding::decode(encoding, bytes).map(Text::untrusted);
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if !text.starts_with("$ANSIBLE_VAULT;") {
        return Ok(Text::untrusted(text));
    }
    let Some(vault) = &call.ctx.env.vault else {
        return Err(fail("Attempting to decrypt but no vault secrets found."));
    };
    call.ctx.shared.secrets.set(true);
    Ok(Text::untrusted(vault.decrypt(&text).map_err(fail)?).with_secret(true))
}

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    let (left, right) = (call.flag("lstrip", false)?, call.flag("rstrip", true)?);
    let mut out = Vec::new();
    for name in call.texts()? {
        let Some(path) = call.ctx.env.find("files", &name) else {
            return Err(fail(format!(
                "Unable to access the file '{name}': File not found. Use -vvvvv to see paths searched."
            )));
        };
        let text = read(&call, &path)?;
        let mut shown = text.as_str();
        if left {
            shown = shown.trim_start();
        }
        if right {
            shown = shown.trim_end();
        }
        out.push(Rt::Str(text.like(shown)));
    }
    Ok(out)
}

/// The text as it is, its blanks at the end included.
pub(super) fn unvault(call: Call) -> Res<Vec<Rt>> {
    let mut out = Vec::new();
    for name in call.texts()? {
        let Some(path) = call.ctx.env.find("files", &name) else {
            return Err(fail(format!("Unable to find file matching \"{name}\" ")));
        };
        out.push(Rt::Str(read(&call, &path)?));
    }
    Ok(out)
}
