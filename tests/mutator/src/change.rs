//! How a sample is changed.

use crate::chance::Chance;

/// No input is longer, in bytes.
const LONGEST: usize = 16 << 10;
/// What breaks readers of any language.
const ODD: [&str; 34] = [
    "\0",
    "\t",
    "\r",
    "\n",
    "\r\n",
    "\u{b}",
    "\u{c}",
    "\u{85}",
    "\u{a0}",
    "\u{2028}",
    "\u{feff}",
    "é",
    "ß",
    "İ",
    "ǆ",
    "𐍈",
    "👩‍👩‍👧",
    "e\u{301}",
    "\u{10ffff}",
    "\\",
    "\"",
    "'",
    "#",
    "%",
    "-1",
    "0",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "1e400",
    "0x",
    "1_0",
    "000",
    "99999999999",
];

/// Where inputs come from.
pub(crate) struct Changes<'a> {
    pub(crate) samples: &'a [Vec<u8>],
    pub(crate) words: &'a [&'a str],
}

impl Changes<'_> {
    /// A sample with some changes.
    pub(crate) fn input(&self, chance: &mut Chance) -> Vec<u8> {
        let mut input = chance.of(self.samples).cloned().unwrap_or_default();
        // A short piece is more often near to what means something.
        if chance.below(3) == 0 {
            let (from, to) = range(&input, chance);
            input = input[from..to].to_vec();
        }
        for _ in 0..=chance.below(6) {
            self.change(&mut input, chance);
            input.truncate(LONGEST);
        }
        input
    }

    fn change(&self, input: &mut Vec<u8>, chance: &mut Chance) {
        let at = chance.below(input.len() + 1);
        match chance.below(14) {
            0 => put(input, at, &[chance.byte()]),
            1 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << chance.below(8);
                }
            }
            2 => {
                let (from, to) = range(input, chance);
                input.drain(from..to);
            }
            3 => {
                let (from, to) = range(input, chance);
                let piece = input[from..to].to_vec();
                put(input, at, &piece);
            }
            4 => self.splice(input, at, chance),
            5 => input.truncate(at),
            6 => repeat(input, at, self.word(chance), chance),
            7 => lines(input, chance),
            8 => digits(input, chance),
            9 => put(input, at, chance.of(&ODD).unwrap_or(&"").as_bytes()),
            _ => put(input, at, self.word(chance)),
        }
    }

    fn word(&self, chance: &mut Chance) -> &[u8] {
        chance.of(self.words).map_or(&[], |word| word.as_bytes())
    }

    /// A piece of another sample.
    fn splice(&self, input: &mut Vec<u8>, at: usize, chance: &mut Chance) {
        if let Some(other) = chance.of(self.samples) {
            let (from, to) = range(other, chance);
            put(input, at, &other[from..to]);
        }
    }
}

/// A piece, more often a short one.
fn range(input: &[u8], chance: &mut Chance) -> (usize, usize) {
    let from = chance.below(input.len() + 1);
    let most = if chance.below(2) == 0 { 12 } else { input.len() };
    (from, (from + chance.below(most + 1)).min(input.len()))
}

fn put(input: &mut Vec<u8>, at: usize, piece: &[u8]) {
    input.splice(at..at, piece.iter().copied());
}

/// A word many times.
fn repeat(input: &mut Vec<u8>, at: usize, word: &[u8], chance: &mut Chance) {
    let times = chance.below(300);
    put(input, at, &word.repeat(times));
}

/// A line moved, repeated or indented otherwise.
fn lines(input: &mut Vec<u8>, chance: &mut Chance) {
    let mut lines: Vec<Vec<u8>> = input.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    if lines.is_empty() {
        return;
    }
    let (a, b) = (chance.below(lines.len()), chance.below(lines.len()));
    match chance.below(4) {
        0 => lines.swap(a, b),
        1 => {
            let line = lines[a].clone();
            lines.insert(b, line);
        }
        2 => lines[a].splice(0..0, b"  ".iter().copied()).for_each(drop),
        _ => {
            let blanks = lines[a].iter().take_while(|byte| **byte == b' ').count().min(2);
            lines[a].drain(..blanks);
        }
    }
    *input = lines.concat();
}

/// A number replaced by one at the end of what numbers can be.
fn digits(input: &mut Vec<u8>, chance: &mut Chance) {
    const ENDS: [&str; 8] =
        ["0", "-1", "255", "65536", "2147483648", "9223372036854775807", "18446744073709551616", "1e309"];
    let starts: Vec<usize> = (0..input.len())
        .filter(|at| input[*at].is_ascii_digit() && (*at == 0 || !input[*at - 1].is_ascii_digit()))
        .collect();
    let Some(from) = chance.of(&starts).copied() else { return };
    let length = input[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let end = chance.of(&ENDS).unwrap_or(&"");
    input.splice(from..from + length, end.bytes());
}
