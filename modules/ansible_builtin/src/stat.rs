//! `ansible.builtin.stat`: what is known of a file.

use std::{
    os::unix::fs::{FileTypeExt, MetadataExt},
    time::SystemTime,
};

use rustible_sdk::prelude::*;

/// Look at a file or at what a file system says of it.
#[derive(Args)]
#[args(check = full)]
pub(crate) struct Args {
    /// The file.
    #[arg(alias("dest", "name"))]
    path: PathBuf,
    /// Look at what a link points to.
    #[arg(default = false)]
    follow: bool,
    /// Return a checksum.
    #[arg(default = true)]
    get_checksum: bool,
    /// Which checksum.
    #[arg(
        default = "sha1",
        alias("checksum", "checksum_algo"),
        choices("md5", "sha1", "sha224", "sha256", "sha384", "sha512")
    )]
    checksum_algorithm: String,
    /// Return the type of the content and its encoding.
    #[arg(default = true, alias("mime", "mime_type", "mime-type"))]
    get_mime: bool,
    /// Return `chattr` attributes.
    #[arg(default = true, alias("attr", "attributes"))]
    get_attributes: bool,
    /// Return SELinux attributes.
    #[arg(default = false)]
    get_selinux_context: bool,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let Some(stat) = host.stat(&args.path, args.follow)? else {
        return Ok(Outcome::new().changed(false).with("stat", dict! { "exists" => false }));
    };
    let shown = args.path.to_string_lossy();
    let mut out = basics(&shown, &stat);
    if let Some(user) = host.user_by_id(stat.uid()) {
        out.insert("pw_name", user.name);
    }
    if let Some(group) = host.group_by_id(stat.gid()) {
        out.insert("gr_name", group.name);
    }
    for (key, bit) in [("readable", 4), ("writeable", 2), ("executable", 1)] {
        out.insert(key, host.may(&args.path, bit));
    }
    if stat.is_symlink() {
        out.insert("lnk_source", &host.real_path(&args.path));
        out.insert("lnk_target", &host.link_target(&args.path)?);
    }
    if args.get_checksum && stat.is_file() && host.may(&args.path, 4) {
        out.insert("checksum", host.checksum(&args.path, &args.checksum_algorithm)?);
    }
    if args.get_mime {
        let (mime, charset) = mime(&shown, host);
        out.insert("mimetype", mime);
        out.insert("charset", charset);
    }
    if args.get_attributes {
        attributes(&shown, host, &mut out);
    }
    if args.get_selinux_context {
        let context =
            host.selinux_context(&args.path).map(|parts| parts.into_iter().map(Value::from).collect());
        out.insert("selinux_context", context.unwrap_or_else(|| vec![Value::Null; 3]));
    }
    Ok(Outcome::new().changed(false).with("stat", out))
}

fn basics(path: &str, stat: &rustible_sdk::Stat) -> Dict {
    let (mode, kind) = (stat.mode(), stat.file_type());
    let seconds = |time: std::io::Result<SystemTime>| {
        time.ok().and_then(|t| t.duration_since(SystemTime::UNIX_EPOCH).ok()).map_or(0.0, |d| d.as_secs_f64())
    };
    #[expect(clippy::cast_precision_loss, reason = "times are floating point in results")]
    let changed = stat.ctime() as f64 + stat.ctime_nsec() as f64 / 1e9;
    let mut out = dict! {
        "exists" => true, "path" => path, "mode" => format!("{:04o}", mode & 0o7777), "isdir" => kind.is_dir(),
        "ischr" => kind.is_char_device(), "isblk" => kind.is_block_device(), "isreg" => kind.is_file(),
        "isfifo" => kind.is_fifo(), "islnk" => kind.is_symlink(), "issock" => kind.is_socket(),
        "uid" => stat.uid(), "gid" => stat.gid(), "size" => stat.size(), "inode" => stat.ino(), "dev" => stat.dev(),
        "nlink" => stat.nlink(), "atime" => seconds(stat.accessed()), "mtime" => seconds(stat.modified()),
        "ctime" => changed, "block_size" => stat.blksize(), "blocks" => stat.blocks(), "disk_usage_bytes" => stat.blocks() * 512, "device_type" => stat.rdev(),
        "isuid" => mode & 0o4000 != 0, "isgid" => mode & 0o2000 != 0,
    };
    let bits = [
        ("wusr", 0o200),
        ("rusr", 0o400),
        ("xusr", 0o100),
        ("wgrp", 0o020),
        ("rgrp", 0o040),
        ("xgrp", 0o010),
    ];
    for (key, bit) in bits.into_iter().chain([("woth", 0o002), ("roth", 0o004), ("xoth", 0o001)]) {
        out.insert(key, mode & bit != 0);
    }
    out
}

fn mime(path: &str, host: &Host) -> (String, String) {
    let unknown = || ("unknown".to_string(), "unknown".to_string());
    if host.find_program("file").is_none() {
        return unknown();
    }
    let command = Command::new(["file", "--mime-type", "--mime-encoding", path]).plain_language();
    let Ok(output) = host.query(&command) else { return unknown() };
    let said = output.stdout.rsplit_once(": ").map(|(_, said)| said.trim()).filter(|_| output.ok());
    match said.and_then(|said| said.split_once(';')) {
        Some((mime, charset)) => {
            let charset = charset.split_once('=').map_or("unknown", |(_, charset)| charset);
            (mime.trim().to_string(), charset.trim().to_string())
        }
        None => unknown(),
    }
}

fn attributes(path: &str, host: &Host, out: &mut Dict) {
    let mut flags = String::new();
    let mut version = Value::Null;
    if host.find_program("lsattr").is_some()
        && let Ok(output) = host.query(&Command::new(["lsattr", "-vd", path]))
        && output.ok()
    {
        let mut words = output.stdout.split_whitespace();
        version = words.next().map_or(Value::Null, Value::from);
        flags = words.next().unwrap_or_default().replace('-', "");
    }
    let names = flags.chars().filter_map(|c| {
        let known = [
            ('A', "noatime"),
            ('a', "append"),
            ('c', "compressed"),
            ('C', "nocow"),
            ('d', "nodump"),
            ('D', "dirsync"),
            ('e', "extents"),
            ('E', "encrypted"),
            ('h', "blocksize"),
            ('i', "immutable"),
            ('I', "indexed"),
            ('j', "journalled"),
            ('N', "inline"),
            ('s', "zero"),
            ('S', "synchronous"),
            ('t', "notail"),
            ('T', "blockroot"),
            ('u', "undelete"),
            ('X', "compressedraw"),
            ('Z', "compresseddirty"),
        ];
        known.iter().find(|(flag, _)| *flag == c).map(|(_, name)| Value::from(*name))
    });
    let names: Vec<Value> = names.collect();
    out.insert("version", version);
    out.insert("attributes", names);
    out.insert("attr_flags", flags);
}
