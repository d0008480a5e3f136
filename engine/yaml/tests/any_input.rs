//! No text breaks the reader of YAML or the writer: they give a value or an error, in time.

use std::sync::Arc;

use rustible_mutator::{in_engine_stack, samples, text_inputs};

const WORDS: &[&str] = &[
    "- ",
    "? ",
    ": ",
    "? - ",
    "  ",
    "    ",
    "\n",
    "\n\n",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "%TAG ! tag:x,2000:\n",
    "&a ",
    "*a",
    "*b ",
    "!!str ",
    "!!int ",
    "!!float ",
    "!!binary ",
    "!!set ",
    "!!omap ",
    "!!timestamp ",
    "!vault |\n",
    "!unsafe ",
    "!",
    "!<x>",
    "<<: ",
    "<<: *a",
    "|\n",
    ">\n",
    "|-\n",
    "|2+\n",
    ">9\n",
    "\"",
    "'",
    "[",
    "]",
    "{",
    "}",
    ",",
    "[[",
    "{{",
    "}}",
    "{a: ",
    "key: ",
    "a: b",
    "\"\\x41\\u1234\\U00110000\"",
    "\"\\",
    "~",
    "null",
    "yes",
    "0x_",
    "0o9",
    "0b2",
    "1:60:60",
    ".inf",
    "-.nan",
    "1e1000",
    "2001-13-45",
    "2001-12-14t21:59:43.10-05:00",
    "=",
    "#",
    " #",
    "\t",
    "$ANSIBLE_VAULT;1.1;AES256\n",
];

fn read(text: &str) {
    let name: Arc<str> = "input".into();
    let Ok(values) = rustible_yaml::load_all(&name, text) else { return };
    for value in values {
        if let Ok(written) = rustible_yaml::emit::to_nice_yaml(&value) {
            // What was written can be read.
            let again = rustible_yaml::load_all(&name, &written);
            drop(again);
        }
    }
}

#[test]
fn no_text_breaks_the_reader_of_yaml() {
    let all = samples("tests", &[".yml", ".yaml"]);
    text_inputs("yaml", &all, WORDS, read);
}

#[test]
fn what_is_nested_deeply_is_an_error_or_read() {
    in_engine_stack(|| {
        for (open, close) in [
            ("[", "]"),
            ("{a: ", "}"),
            ("- ", ""),
            ("? ", ""),
            ("!!seq [", "]"),
            ("&a [", "]"),
            ("[{a: [", "]}]"),
        ] {
            for depth in [100, 1000, 10_000, 100_000] {
                read(&open.repeat(depth));
                read(&format!("{}1{}", open.repeat(depth), close.repeat(depth)));
            }
        }
        let steps: String = (0..3000).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
        read(&steps);
    });
}

#[test]
fn aliases_of_aliases_take_no_more_memory_than_their_text() {
    let mut text = String::from("a0: &a0 [x, x]\n");
    for n in 1..200 {
        text.push_str(&format!("a{n}: &a{n} [*a{}, *a{}]\n", n - 1, n - 1));
    }
    let name: Arc<str> = "input".into();
    drop(rustible_yaml::load_all(&name, &text));
}
