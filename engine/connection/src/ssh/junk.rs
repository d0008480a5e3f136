//! What other people's files may hold: no line of it may end the program.

use rand::RngExt;

use super::{config, directives::Directives, known_hosts, options::Options, pattern, tokens::Tokens};
use crate::args;

const PIECES: &[&str] = &[
    "Host ",
    "Match ",
    "exec ",
    "!",
    "*",
    "?",
    "\"",
    "'",
    "\\",
    " ",
    "\t",
    "=",
    "#",
    "%",
    "%h",
    "${",
    "}",
    "${HOME}",
    "~",
    "ProxyCommand ",
    "Include ",
    "-o",
    "-",
    "-J",
    "-p",
    "|1|",
    "|",
    "@revoked ",
    "@cert-authority ",
    "[h]:2",
    ",",
    "ü",
    "ssh-ed25519 ",
    "AAAAC3NzaC1lZDI1NTE5AAAAIJdD7y3aLq454yWBdwLWbieU1ebz9/cu7/QEXn9OIeZJ",
    "AAAA",
    "==",
    "0",
    "\u{0}",
    "\n",
];

#[test]
fn nothing_in_a_settings_file_makes_the_readers_panic() {
    let mut random = rand::rng();
    for _ in 0..30_000 {
        let pieces = random.random_range(0..9);
        let text: String = (0..pieces).map(|_| PIECES[random.random_range(0..PIECES.len())]).collect();
        let _ = config::directive(&text);
        let _ = args::split(&text);
        let _ = Tokens::default().path(&text);
        let mut directives = Directives::default();
        let _ = Options::default().read(&text, &mut directives);
        let _ = pattern::fits(&text, "a.example.org");
        known_hosts::KnownHost::of(&text, "[h]:2");
    }
}
