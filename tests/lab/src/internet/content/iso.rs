//! A small ISO with the layout of Ubuntu's live-server image, and a look into such images.
//!
//! It has the boot menus, checksums and boot records (El Torito for BIOS and UEFI, hybrid MBR and GPT) that remastering deals
//! with; kernel and initial RAM disk are texts that say so. Nothing boots from it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use md5::{Digest, Md5};

use super::archive::hex;

const GRUB: &str = include_str!("../../../data/iso/grub.cfg");
const LOOPBACK: &str = include_str!("../../../data/iso/loopback.cfg");
const SAYS: &str =
    "made by the rustible lab: this file stands in for the one of the same name on Ubuntu's ISO\n";

/// The image that a BIOS boots.
const BOOT_IMAGE: &str = "boot/grub/i386-pc/eltorito.img";

/// Builds the ISO at `target`. Errors when xorriso is missing or fails.
pub fn build(target: &Path) -> Result<()> {
    let folder = target.parent().context("an ISO lies in a folder")?;
    let work = tempfile::tempdir_in(folder)?;
    let tree = work.path().join("tree");
    let mut sums = String::new();
    for (path, data) in files() {
        let place = tree.join(path);
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&place, &data)?;
        // xorriso writes into the boot image where it lies.
        if path != BOOT_IMAGE {
            writeln!(sums, "{}  ./{path}", hex(&Md5::digest(&data)))?;
        }
    }
    fs::write(tree.join("md5sum.txt"), sums)?;
    let efi = work.path().join("efi.img");
    fs::write(&efi, boot_image("UEFI", 1 << 20))?;
    let mbr = work.path().join("mbr.img");
    fs::write(&mbr, boot_image("MBR", 432))?;
    let _not_there = fs::remove_file(target);
    let output = Command::new("xorriso")
        .args(["-as", "mkisofs", "-r", "-quiet", "-V", "Ubuntu-Server lab amd64", "--grub2-mbr"])
        .arg(&mbr)
        .args(["-partition_offset", "16", "--mbr-force-bootable", "-append_partition", "2"])
        .arg("28732ac11ff8d211ba4b00a0c93ec93b")
        .arg(&efi)
        .args(["-appended_part_as_gpt", "-iso_mbr_part_type", "a2a0d0ebe5b9334487c068b6b72699c7"])
        .args(["-c", "/boot.catalog", "-b", "/boot/grub/i386-pc/eltorito.img"])
        .args(["-no-emul-boot", "-boot-load-size", "4", "-boot-info-table", "--grub2-boot-info"])
        .args(["-eltorito-alt-boot", "-e", "--interval:appended_partition_2:::", "-no-emul-boot", "-o"])
        .arg(target)
        .arg(&tree)
        .output()
        .context("cannot run xorriso (package xorriso)")?;
    if !output.status.success() {
        bail!("xorriso: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

fn files() -> Vec<(&'static str, Vec<u8>)> {
    let mut files = vec![
        (".disk/info", b"Ubuntu-Server lab \"made by the rustible lab\" - Release amd64\n".to_vec()),
        ("boot/grub/grub.cfg", GRUB.as_bytes().to_vec()),
        ("boot/grub/loopback.cfg", LOOPBACK.as_bytes().to_vec()),
        (BOOT_IMAGE, boot_image("BIOS", 8192)),
        ("casper/install-sources.yaml", b"- id: ubuntu-server\n  default: true\n".to_vec()),
    ];
    for path in [
        "casper/vmlinuz",
        "casper/initrd",
        "casper/hwe-vmlinuz",
        "casper/hwe-initrd",
        "boot/memtest86+x64.bin",
    ] {
        files.push((path, SAYS.as_bytes().to_vec()));
    }
    files
}

fn boot_image(kind: &str, size: usize) -> Vec<u8> {
    let mut data = format!("rustible lab: {kind} boot record, no code").into_bytes();
    data.resize(size, 0);
    data
}

/// A file out of an image, by its path. Errors when there is no such image or file.
pub fn read(image: &Path, path: &str) -> Result<Vec<u8>> {
    let work = tempfile::tempdir()?;
    let target = work.path().join("file");
    let output = Command::new("xorriso")
        .args(["-osirrox", "on", "-indev"])
        .arg(image)
        .args(["-extract", path])
        .arg(&target)
        .output()
        .context("cannot run xorriso (package xorriso)")?;
    if !output.status.success() {
        bail!("{}: {}", image.display(), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(fs::read(&target)?)
}

/// Whether an image would install by itself: its first boot entry has the kernel argument `autoinstall`, and the menu does
/// not wait. Errors when the file is no ISO with a boot menu.
pub fn installs_by_itself(image: &Path) -> Result<bool> {
    Ok(starts_installation(&String::from_utf8_lossy(&read(image, "/boot/grub/grub.cfg")?)))
}

fn starts_installation(menu: &str) -> bool {
    let waits = menu
        .lines()
        .find_map(|line| line.trim().strip_prefix("set timeout="))
        .is_none_or(|seconds| seconds.trim().parse::<u32>().map_or(true, |seconds| seconds > 5));
    let first = menu.lines().skip_while(|line| !line.starts_with("menuentry")).skip(1);
    let kernel =
        first.take_while(|line| !line.starts_with('}')).find(|line| line.trim_start().starts_with("linux"));
    !waits && kernel.is_some_and(|line| line.split_whitespace().any(|word| word == "autoinstall"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_menu_that_does_not_wait_and_says_autoinstall_first_installs_by_itself() {
        assert!(!starts_installation(GRUB));
        let waits = GRUB.replacen("vmlinuz  ---", "vmlinuz autoinstall ---", 1);
        assert!(!starts_installation(&waits));
        assert!(starts_installation(&waits.replace("timeout=30", "timeout=1")));
        let second = GRUB
            .replace("hwe-vmlinuz  ---", "hwe-vmlinuz autoinstall ---")
            .replace("timeout=30", "timeout=1");
        assert!(!starts_installation(&second));
    }
}
