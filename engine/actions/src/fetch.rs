//! `ansible.builtin.fetch`: a file of the target to the controller.

use std::path::{Path, PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use rustible_executor::{Context, Failure};
use rustible_protocol::{Dict, Kind, Spec, Text, Value};

use crate::{
    source::{digest, hex},
    spec::{With, action, field, result, spec},
};

action!(
    Fetch,
    Spec {
        diff: true,
        ..spec(
            "ansible.builtin.fetch",
            "Fetch a file from the target.",
            vec![
                field("src", Kind::Raw, "The file on the target."),
                field("dest", Kind::Raw, "Folder on the controller; the file itself with `flat`."),
                field("flat", Kind::Bool, "Write to `dest` itself.").or(false),
                field("fail_on_missing", Kind::Bool, "A file that is not there is a failure.").or(true),
                field("validate_checksum", Kind::Bool, "Compare checksums.").or(true),
            ],
        )
    },
    |context| fetch(context).await
);

async fn fetch(context: &mut Context<'_>) -> Result<Dict, Failure> {
    let (src, dest) = places(&context.args)?;
    if context.check() {
        return Ok(result([
            ("skipped", true.into()),
            ("msg", "check mode not (yet) supported for this module".into()),
        ]));
    }
    let fail_on_missing = context.flag("fail_on_missing", true)?;
    let slurped = context
        .module("ansible.builtin.slurp", result([("src", Value::Str(src.clone()))]), Vec::new())
        .await?;
    if slurped.get("failed").is_some_and(Value::truthy) {
        return missing(slurped, &src, fail_on_missing, context.target.escalation.is_none());
    }
    let content = slurped.get("content").and_then(Value::as_str).unwrap_or_default();
    let content = STANDARD
        .decode(content)
        .map_err(|error| Failure::msg(format!("the target sent no base64: {error}")))?;
    let to = destination(context, &src, &dest)?;
    let checksum = hex(&<sha1::Sha1 as sha1::Digest>::digest(&content));
    let md5sum = hex(&<md5::Md5 as md5::Digest>::digest(&content));
    let before = digest(&to).map(|(sha1, _)| sha1).ok();
    let mut done = Dict::new();
    if before.as_deref() == Some(&checksum) {
        done.insert("changed", false);
        done.insert("md5sum", md5sum);
        done.insert("file", src);
        done.insert("dest", to.display().to_string());
        done.insert("checksum", checksum);
        return Ok(done);
    }
    save(&to, &content)
        .map_err(|error| Failure::msg(format!("Failed to write {}: {error}", to.display())))?;
    done.insert("changed", true);
    done.insert("md5sum", md5sum);
    done.insert("file", src);
    done.insert("dest", to.display().to_string());
    done.insert("remote_md5sum", Value::Null);
    done.insert("checksum", checksum.as_str());
    done.insert("remote_checksum", checksum.as_str());
    Ok(done)
}

/// The file there and the place here.
fn places(args: &Dict) -> Result<(Text, Text), Failure> {
    let given = |name: &str| args.get(name).filter(|value| !value.is_null());
    match (given("src"), given("dest")) {
        (Some(Value::Str(src)), Some(Value::Str(dest))) => Ok((src.clone(), dest.clone())),
        (None, _) | (_, None) => Err(Failure::msg("src and dest are required")),
        (_, Some(Value::Str(_))) => {
            Err(Failure::msg("Invalid type supplied for source option, it must be a string"))
        }
        _ => Err(Failure::msg("Invalid type supplied for dest option, it must be a string")),
    }
}

/// What becomes of a file that cannot be read. As another user it is not looked at before.
fn missing(slurped: Dict, src: &str, fail: bool, looked: bool) -> Result<Dict, Failure> {
    let message = slurped.get("msg").map(rustible_protocol::repr::str).unwrap_or_default();
    let folder = message.starts_with("Source is a directory");
    let told = match () {
        () if message.contains("not found") => {
            Some("the remote file does not exist, not transferring, ignored")
        }
        () if folder => Some("remote file is a directory, fetch cannot work on directories"),
        () => None,
    };
    match (fail, folder && looked) {
        (true, true) => {
            let told = told.unwrap_or_default();
            Err(Failure::Result(result([("changed", false.into()), ("msg", told.into())])))
        }
        (false, true) => {
            let told = format!("{}, not transferring, ignored", told.unwrap_or_default());
            Ok(result([("changed", false.into()), ("msg", told.into())]))
        }
        (true, false) => {
            let mut failed = slurped;
            if let Some(told) = told {
                failed.insert("msg", told);
            }
            Ok(failed)
        }
        (false, false) => {
            let mut ignored = result([("changed", false.into()), ("file", src.into())]);
            if let Some(told) = told {
                ignored.insert("msg", told);
            }
            Ok(ignored)
        }
    }
}

/// Where the file is written: `dest` itself with `flat` (in it when it ends in a slash), else `dest/HOST/path`.
fn destination(context: &Context<'_>, src: &str, dest: &str) -> Result<PathBuf, Failure> {
    let name = src.rsplit('/').next().unwrap_or_default();
    // The path comes from the target's side of the world: it may not climb out of the folder.
    let inside: PathBuf =
        Path::new(src).components().filter(|c| matches!(c, std::path::Component::Normal(_))).collect();
    let base = match dest.strip_prefix("~/").zip(std::env::var("HOME").ok()) {
        Some((rest, home)) => PathBuf::from(home).join(rest),
        None if dest.starts_with('/') => PathBuf::from(dest),
        None => context.search.last().cloned().unwrap_or_default().join(dest),
    };
    if context.flag("flat", false)? {
        if base.is_dir() && !dest.ends_with('/') {
            return Err(Failure::msg(
                "dest is an existing directory, use a trailing slash if you want to fetch src into that directory",
            ));
        }
        if !dest.ends_with('/') {
            return Ok(base);
        }
        let inner = base.join(name);
        if inner.is_dir() {
            return Err(Failure::msg(format!(
                "calculated dest '{dest}{name}' is an existing directory, use another path that does not point to an \
                 existing directory"
            )));
        }
        return Ok(inner);
    }
    Ok(base.join(&**context.host).join(inside))
}

/// Write in one step, so that a reader sees the old or the new content.
fn save(to: &Path, content: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    let folder = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    temporary.write_all(content)?;
    temporary.as_file().sync_all()?;
    if let Ok(meta) = std::fs::metadata(to) {
        temporary.as_file().set_permissions(meta.permissions())?;
    } else {
        use std::os::unix::fs::PermissionsExt;
        temporary.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    temporary.persist(to).map_err(|error| error.error)?;
    Ok(())
}
