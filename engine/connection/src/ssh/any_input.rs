//! No text breaks the readers of `ssh_config`, of its words and tokens and of `known_hosts`.

use rustible_mutator::{text_inputs, texts};

use super::{
    config::{Reader, directive},
    directives::Directives,
    known_hosts::KnownHost,
    pattern,
    tokens::Tokens,
};

const WORDS: &[&str] = &[
    "Host ",
    "Host *",
    "Match ",
    "Match all",
    "Match host ",
    "Match !user ",
    "Match canonical final",
    "HostName ",
    "Port ",
    "User ",
    "IdentityFile ",
    "ProxyJump ",
    "ProxyCommand ",
    "\n",
    "\r\n",
    " ",
    "=",
    "\"",
    "'",
    "\\",
    "#",
    "%h",
    "%%",
    "%",
    "%C",
    "${HOME}",
    "${",
    "~",
    "~root/",
    "*",
    "?",
    "!",
    ",",
    "[h]:22",
    "|1|",
    "AAAA",
    "ssh-ed25519 ",
    "ssh-rsa AAAAB3NzaC1yc2E=",
    "@revoked ",
    "@cert-authority ",
    "yes",
    "no",
    "99999",
    "-1",
    "10m",
    "1w2d",
];

#[test]
fn no_text_breaks_the_reader_of_settings() {
    let all = texts(&[
        "Host a b !c\n  HostName %h.example.com\n  Port 2222\n  User \"me\"\n  IdentityFile ~/.ssh/id_%r\n",
        "Match host *.org user root\n  ProxyJump a,b@c:22\nHost *\n  ServerAliveInterval 5\n  UserKnownHostFile ~/a \"b c\"\n",
        "ProxyCommand nc -x %h %p\nStrictHostKeyChecking=accept-new\nPreferredAuthentications publickey,password\n",
    ]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    text_inputs("ssh_config", &all, WORDS, |text| {
        for line in text.lines() {
            drop(directive(line));
        }
        let lower = text.to_ascii_lowercase();
        // What starts programs or reads other files is not tried with random text.
        if lower.contains("exec") || lower.contains("include") {
            return;
        }
        std::fs::write(&path, text).unwrap();
        let mut directives = Directives::default();
        let tokens =
            Tokens { original: "a".into(), host: "a".into(), home: "/root".into(), ..Tokens::default() };
        drop(tokens.expand(text));
        drop(Reader { directives: &mut directives, tokens }.file(&path, false));
    });
}

#[test]
fn no_text_breaks_known_hosts_and_patterns() {
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2lVrTMsXBpJGTWSFaJvyFgRMSSCS3yJz8nLSFU0Zxr";
    let hashed = format!("|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= {key}\n");
    let all = [format!("a,b.example.com,*.org {key}\n"), hashed, format!("@revoked [a]:22 {key}\n")];
    let all: Vec<Vec<u8>> = all.into_iter().map(String::into_bytes).collect();
    text_inputs("known_hosts", &all, WORDS, |text| {
        drop(KnownHost::of(text, "a"));
        pattern::fits(text, "some.host.example.com");
        pattern::listed(text.split(','), "some.host.example.com");
    });
}
