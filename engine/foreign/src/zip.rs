//! Zip archives as Python reads them.

use std::io::{self, Write};

use flate2::{Compression, Crc, write::DeflateEncoder};

/// An archive that grows file by file. The same files in the same order give the same bytes.
#[derive(Default)]
pub(crate) struct Zip {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

/// 1 January 1980, the first day that a zip archive can name.
const DAY: u16 = 0x0021;
const DEFLATED: u16 = 8;
/// Names are UTF-8.
const UTF8: u16 = 0x0800;

impl Zip {
    /// Add a file.
    pub(crate) fn add(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut packer = DeflateEncoder::new(Vec::new(), Compression::default());
        packer.write_all(content)?;
        let packed = packer.finish()?;
        let mut crc = Crc::new();
        crc.update(content);
        let offset = length(self.bytes.len())?;
        let mut common = Vec::new();
        for word in [20, UTF8, DEFLATED, 0, DAY] {
            common.extend(u16::to_le_bytes(word));
        }
        common.extend(crc.sum().to_le_bytes());
        common.extend(length(packed.len())?.to_le_bytes());
        common.extend(length(content.len())?.to_le_bytes());
        let size = u16::try_from(name.len()).map_err(|_| too_large())?;
        common.extend(size.to_le_bytes());
        common.extend([0, 0]);
        self.bytes.extend(b"PK\x03\x04");
        self.bytes.extend(&common);
        self.bytes.extend(name.as_bytes());
        self.bytes.extend(&packed);
        self.directory.extend(b"PK\x01\x02\x14\x03");
        self.directory.extend(&common);
        self.directory.extend([0; 6]);
        // A plain file of mode 0644.
        self.directory.extend((0o100_644_u32 << 16).to_le_bytes());
        self.directory.extend(offset.to_le_bytes());
        self.directory.extend(name.as_bytes());
        self.count = self.count.checked_add(1).ok_or_else(too_large)?;
        Ok(())
    }

    /// The archive's bytes.
    pub(crate) fn finish(mut self) -> io::Result<Vec<u8>> {
        let (start, size) = (length(self.bytes.len())?, length(self.directory.len())?);
        self.bytes.append(&mut self.directory);
        self.bytes.extend(b"PK\x05\x06\0\0\0\0");
        self.bytes.extend(self.count.to_le_bytes());
        self.bytes.extend(self.count.to_le_bytes());
        self.bytes.extend(size.to_le_bytes());
        self.bytes.extend(start.to_le_bytes());
        self.bytes.extend([0, 0]);
        Ok(self.bytes)
    }
}

fn length(size: usize) -> io::Result<u32> {
    u32::try_from(size).map_err(|_| too_large())
}

fn too_large() -> io::Error {
    io::Error::other("the module and what it imports are too large for an archive")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_has_its_files_packed_and_a_directory_at_its_end() {
        let mut zip = Zip::default();
        zip.add("a/b.py", b"x = 1\n").unwrap();
        zip.add("c.py", b"").unwrap();
        let bytes = zip.finish().unwrap();
        assert_eq!(&bytes[..4], b"PK\x03\x04");
        let end = &bytes[bytes.len() - 22..];
        assert_eq!((&end[..4], &end[8..10]), (&b"PK\x05\x06"[..], &[2, 0][..]));
        let start = u32::from_le_bytes(end[16..20].try_into().unwrap()) as usize;
        assert_eq!(&bytes[start..start + 4], b"PK\x01\x02");
    }
}
