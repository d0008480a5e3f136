//! Builds the lean agent into release programs: static, optimised for size, compressed.
//!
//! A development build has none and sends itself. The agent is a program of its own, so it is built by a cargo of its
//! own, from the same lock file, without network, into this crate's output folder.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let workspace = here.join("../..");
    for source in
        ["engine/agent", "engine/agent-lean", "engine/protocol", "modules", "Cargo.lock", "Cargo.toml"]
    {
        tell(&format!("rerun-if-changed={}", workspace.join(source).display()));
    }
    tell("rerun-if-changed=build.rs");
    let lean = if env::var("PROFILE")? == "release" {
        let packed = out.join("agent.zst");
        let program = fs::read(build(&here.join("../agent-lean"), &out)?)?;
        fs::write(&packed, zstd::encode_all(program.as_slice(), 19)?)?;
        "Some(include_bytes!(concat!(env!(\"OUT_DIR\"), \"/agent.zst\")))"
    } else {
        "None"
    };
    let code = format!(
        "/// The lean agent, zstd-compressed; a development build has none.\nconst LEAN: Option<&[u8]> = {lean};\n"
    );
    fs::write(out.join("lean.rs"), code)?;
    Ok(())
}

/// Build the program; its path.
fn build(package: &Path, out: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let target = env::var("TARGET")?;
    let folder = out.join("lean");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--release", "--offline", "--locked", "--target", &target]);
    cargo.arg("--manifest-path").arg(package.join("Cargo.toml")).arg("--target-dir").arg(&folder);
    let profile = ["opt-level=\"s\"", "lto=\"fat\"", "codegen-units=1", "strip=true"];
    for setting in profile {
        cargo.args(["--config", &format!("profile.release.{setting}")]);
    }
    // Naming the target keeps the flags away from build scripts and macros, which cannot be static.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", "-Ctarget-feature=+crt-static");
    // What the outer build was told about itself does not hold for the inner one.
    for name in ["RUSTFLAGS", "CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR", "RUSTC_WORKSPACE_WRAPPER"] {
        cargo.env_remove(name);
    }
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO_PROFILE_") {
            cargo.env_remove(name);
        }
    }
    let status = cargo.status()?;
    if !status.success() {
        return Err(format!("the lean agent cannot be built: cargo ended with {status}").into());
    }
    Ok(folder.join(target).join("release/rustible-agent"))
}

fn tell(line: &str) {
    println!("cargo::{line}");
}
