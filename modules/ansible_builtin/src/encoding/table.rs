//! Encodings of one byte a character.

/// What character each byte is.
pub(super) struct Table(Vec<Option<char>>);

impl Table {
    /// The table of a name in lower case with underscores.
    pub(super) fn named(key: &str) -> Option<Self> {
        let tables = include_str!("single_byte.txt").lines().filter(|line| !line.starts_with('#'));
        let mut tables = tables.filter_map(|line| line.split_once(": "));
        let (_, runs) = tables.find(|(names, _)| names.split(' ').any(|name| name == key))?;
        let mut chars = Vec::with_capacity(256);
        for run in runs.split(' ') {
            if let Some(count) = run.strip_prefix('-') {
                let count = if count.is_empty() { 1 } else { count.parse().ok()? };
                chars.extend(std::iter::repeat_n(None, count));
                continue;
            }
            let (first, more) = run.split_once('+').unwrap_or((run, "0"));
            let (first, more) = (u32::from_str_radix(first, 16).ok()?, more.parse::<u32>().ok()?);
            chars.extend((first..=first + more).map(char::from_u32));
        }
        Some(Self(chars))
    }
    /// The bytes as text.
    ///
    /// # Errors
    /// The place of a byte that is no character.
    pub(super) fn decode(&self, bytes: &[u8]) -> Result<String, usize> {
        let of = |(at, byte): (usize, &u8)| self.0.get(usize::from(*byte)).copied().flatten().ok_or(at);
        bytes.iter().enumerate().map(of).collect()
    }
    /// The byte of a character; the last one when there are several.
    pub(super) fn byte(&self, c: char) -> Option<u8> {
        self.0.iter().rposition(|known| *known == Some(c)).and_then(|at| u8::try_from(at).ok())
    }
}
