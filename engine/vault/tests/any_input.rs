//! No content breaks the reader of vaults.

use rustible_mutator::{inputs, samples};
use rustible_vault::{Envelope, Secret, Secrets};

const WORDS: &[&str] = &[
    "$ANSIBLE_VAULT;",
    "$ANSIBLE_VAULT;1.1;AES256\n",
    "$ANSIBLE_VAULT;1.2;AES256;id\n",
    "$ANSIBLE_VAULT;1.0;AES\n",
    ";",
    "\n",
    "\r\n",
    "0a",
    "0A",
    "33643a",
    "6162",
    " ",
    "AES256",
    "1.2",
    "f",
    "ff",
    "é",
];

#[test]
fn no_content_breaks_the_reader_of_vaults() {
    let all = samples("engine/vault/tests/data", &["v11", "v12", "vempty", "vzeros"]);
    let mut secrets = Secrets::new();
    secrets.add(Secret::new("default", "x"));
    inputs("vault", &all, WORDS, |data| {
        drop(Envelope::parse(data));
        // A whole body takes its time to be opened: only what lost its checksum or salt is tried.
        if data.len() < 300 {
            drop(secrets.decrypt(data));
        }
    });
}
