//! Signed package archives: indices over folders of `.deb` files, in the flat layout and in the usual one.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use md5::{Digest, Md5};
use sha2::Sha256;
use tempfile::TempDir;

/// A key that signs archives. It protects nothing outside the lab.
pub(super) struct Key {
    /// gpg's folder, in the system's temporary one: the path to its socket must be short.
    home: TempDir,
    /// The public key, armoured.
    pub(super) public: Vec<u8>,
}

impl Key {
    /// The key in the file `secret`, made at the first call. Errors when gpg is missing or fails.
    pub(super) fn in_file(secret: &Path) -> Result<Self> {
        let mut key = Self { home: tempfile::tempdir()?, public: Vec::new() };
        if secret.exists() {
            key.gpg(&["--import", &secret.to_string_lossy()])?;
        } else {
            key.gpg(&["--quick-generate-key", "rustible lab <lab@lab.test>", "rsa3072", "sign", "never"])?;
            let text = key.gpg(&["--armor", "--export-secret-keys"])?.stdout;
            let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(secret)?;
            file.write_all(&text)?;
        }
        key.public = key.gpg(&["--armor", "--export"])?.stdout;
        Ok(key)
    }

    fn gpg(&self, arguments: &[&str]) -> Result<Output> {
        let mut command = Command::new("gpg");
        command.arg("--homedir").arg(self.home.path());
        command.args(["--batch", "--yes", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""]);
        let output = command.args(arguments).output().context("cannot run gpg (package gpg)")?;
        if !output.status.success() {
            bail!("gpg {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(output)
    }

    /// Writes `InRelease` and `Release.gpg` beside `Release`.
    fn sign(&self, folder: &Path) -> Result<()> {
        let release = folder.join("Release").to_string_lossy().into_owned();
        for (kind, name) in [("--clearsign", "InRelease"), ("--detach-sign", "Release.gpg")] {
            let target = folder.join(name).to_string_lossy().into_owned();
            self.gpg(&["--armor", "--digest-algo", "SHA512", "--output", &target, kind, &release])?;
        }
        Ok(())
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        // gpg leaves an agent behind for each home.
        let _no_agent = Command::new("gpgconf")
            .arg("--homedir")
            .arg(self.home.path())
            .args(["--kill", "gpg-agent"])
            .output();
    }
}

/// Makes `root` a flat archive (`deb URL /`) of the packages under it.
pub(super) fn flat(root: &Path, key: &Key) -> Result<()> {
    let packages = packages(root, root)?;
    write_index(root, &packages)?;
    let release = release("", root, &["Packages", "Packages.gz"])?;
    fs::write(root.join("Release"), release)?;
    key.sign(root)
}

/// Makes `root` an archive (`deb URL SUITE main`) of the packages under `root/pool`.
pub(super) fn suite(root: &Path, suite: &str, key: &Key) -> Result<()> {
    let packages = packages(root, &root.join("pool"))?;
    let dist = root.join("dists").join(suite);
    for (architecture, text) in [("amd64", packages.as_str()), ("all", "")] {
        let folder = dist.join(format!("main/binary-{architecture}"));
        fs::create_dir_all(&folder)?;
        write_index(&folder, text)?;
    }
    let heads = format!("Suite: {suite}\nCodename: {suite}\nComponents: main\n");
    let listed: Vec<String> = ["amd64", "all"]
        .iter()
        .flat_map(|architecture| {
            ["Packages", "Packages.gz"].map(|name| format!("main/binary-{architecture}/{name}"))
        })
        .collect();
    let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
    fs::write(dist.join("Release"), release(&heads, &dist, &listed)?)?;
    key.sign(&dist)
}

fn write_index(folder: &Path, packages: &str) -> Result<()> {
    fs::write(folder.join("Packages"), packages)?;
    let mut packed = GzEncoder::new(fs::File::create(folder.join("Packages.gz"))?, Compression::default());
    packed.write_all(packages.as_bytes())?;
    packed.finish()?;
    Ok(())
}

/// The index of all packages under `folder`, with paths relative to `root`.
fn packages(root: &Path, folder: &Path) -> Result<String> {
    let mut found = Vec::new();
    collect(folder, &mut found)?;
    found.sort();
    let mut index = String::new();
    for path in found {
        let output =
            Command::new("dpkg-deb").arg("--field").arg(&path).output().context("cannot run dpkg-deb")?;
        if !output.status.success() {
            bail!("{} is not a package: {}", path.display(), String::from_utf8_lossy(&output.stderr).trim());
        }
        let data = fs::read(&path)?;
        let place = path.strip_prefix(root)?.display();
        index.push_str(String::from_utf8(output.stdout)?.trim_end());
        write!(
            index,
            "\nFilename: ./{place}\nSize: {}\nMD5sum: {}\nSHA256: {}\n\n",
            data.len(),
            hex(&Md5::digest(&data)),
            hex(&Sha256::digest(&data))
        )?;
    }
    Ok(index)
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|ending| ending == "deb") {
            found.push(path);
        }
    }
    Ok(())
}

fn release(heads: &str, folder: &Path, names: &[&str]) -> Result<String> {
    let date = Command::new("date").args(["-R", "-u"]).output().context("cannot run date")?;
    let date = String::from_utf8(date.stdout)?;
    let mut text = format!(
        "Origin: rustible lab\nLabel: rustible lab\n{heads}Architectures: amd64 all\nDate: {}\nDescription: packages of the rustible lab\nMD5Sum:\n",
        date.trim().replace("+0000", "UTC")
    );
    let mut sums = String::new();
    for name in names {
        let data = fs::read(folder.join(name))?;
        writeln!(text, " {} {} {name}", hex(&Md5::digest(&data)), data.len())?;
        writeln!(sums, " {} {} {name}", hex(&Sha256::digest(&data)), data.len())?;
    }
    Ok(format!("{text}SHA256:\n{sums}"))
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
