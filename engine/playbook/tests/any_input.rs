//! No text breaks what takes arguments apart.

use rustible_mutator::{samples, text_inputs, texts};
use rustible_playbook::{parse_kv, split_args};
use rustible_protocol::Text;

const WORDS: &[&str] = &[
    "a=b",
    " ",
    "=",
    "\"",
    "'",
    "\\",
    "\\\n",
    "\n",
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "{{ a }}",
    "creates=",
    "chdir=/tmp",
    "_raw_params=",
    "a='b c'",
    "a=\"b 'c' d\"",
    "\\\"",
    "\\x41",
    "\\u12",
    "\\N{",
    "\\777",
    "-",
    "@",
];

#[test]
fn no_text_breaks_what_takes_arguments_apart() {
    let mut all = samples("tests", &[".yml"]);
    all.extend(texts(&[
        "src=/a dest=\"/b c\" mode=0644",
        "echo 'a b' | tee {{ file }} creates=/x",
        "a=b \\\n  c={% if x %} 1 {% endif %}",
    ]));
    text_inputs("arguments", &all, WORDS, |text| {
        drop(split_args(text, None));
        for raw in [true, false] {
            drop(parse_kv(&Text::trusted(text, None), raw));
        }
    });
}
