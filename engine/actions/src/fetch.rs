//! `ansible.builtin.fetch`: a file of the target to the controller.

use std::path::{Path, PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD};
use rustible_executor::{Context, Failure};
use rustible_protocol::{Dict, Kind, Spec, Value};

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
                field("src", Kind::Path, "The file on the target."),
                field("dest", Kind::Path, "Folder on the controller; the file itself with `flat`."),
                field("flat", Kind::Bool, "Write to `dest` itself.").or(false),
                field("fail_on_missing", Kind::Bool, "A file that is not there is a failure.").or(true),
                field("validate_checksum", Kind::Bool, "Compare checksums.").or(true),
            ],
        )
    },
    |context| fetch(context).await
);

async fn fetch(context: &mut Context<'_>) -> Result<Dict, Failure> {
    let (Some(src), Some(dest)) = (context.text("src"), context.text("dest")) else {
        return Err(Failure::msg("src and dest are required"));
    };
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
        return missing(&slurped, &src, fail_on_missing);
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

fn missing(slurped: &Dict, src: &str, fail: bool) -> Result<Dict, Failure> {
    let message = slurped.get("msg").map(rustible_protocol::repr::str).unwrap_or_default();
    let gone = message.contains("not found")
        || message.contains("No such file")
        || message.contains("is not readable");
    if !fail && (gone || message.contains("directory")) {
        let text = if message.contains("directory") && !gone {
            "remote file is a directory, fetch cannot work on directories, not transferring, ignored"
                .to_string()
        } else {
            "the remote file does not exist, not transferring, ignored".to_string()
        };
        return Ok(result([("changed", false.into()), ("file", src.into()), ("msg", text.into())]));
    }
    let text = if message.contains("directory") {
        "remote file is a directory, fetch cannot work on directories".to_string()
    } else if gone {
        // So it is said, although nothing is ignored.
        "the remote file does not exist, not transferring, ignored".to_string()
    } else {
        message
    };
    Err(Failure::Result(result([("changed", false.into()), ("msg", text.into())])))
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
        return Ok(if dest.ends_with('/') { base.join(name) } else { base });
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
