//! No text breaks the readers of `ansible.cfg` and `.env`.

use std::path::Path;

use rustible_mutator::{samples, text_inputs, texts};

use super::{dotenv, ini};

const WORDS: &[&str] = &[
    "[defaults]\n",
    "[",
    "]",
    "\n",
    "\n  ",
    "=",
    ":",
    "#",
    ";",
    " ;",
    "%(a)s",
    "%",
    "\"",
    "'",
    "\\",
    "\\n",
    "$A",
    "${A}",
    "${A:-b}",
    "$(a)",
    "export ",
    "A=",
    "A='b'",
    "\u{feff}",
    "\r\n",
    "forks = 5\n",
];

#[test]
fn no_text_breaks_the_readers_of_settings() {
    let mut all = samples("tests", &[".cfg", ".env"]);
    all.extend(texts(&[
        "[defaults]\nforks = 5 ; five\nroles_path = a:b\n  c\n",
        "# settings\nexport A=1\nB=\"a $A \\\"b\\\"\"\nC='x\ny'\n",
    ]));
    text_inputs("settings", &all, WORDS, |text| {
        drop(ini::parse(Path::new("ansible.cfg"), text));
        drop(dotenv::parse(Path::new(".env"), text));
    });
}
