//! No bytes break the readers of frames and of JSON.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use rustible_mutator::{in_engine_stack, inputs, samples, text_inputs};
use rustible_protocol::{
    Call, Dict, Reply, Value,
    frame::{self, Message},
    json,
};

fn messages() -> Vec<Vec<u8>> {
    let mut args = Dict::new();
    args.insert("path", "/etc/hosts");
    args.insert("mode", 0o644);
    args.insert("list", vec![Value::from(1.5), Value::Null, Value::from(true)]);
    let call = Call { module: "ansible.builtin.copy".into(), args: args.clone(), ..Call::default() };
    let reply = Reply { result: args, ..Reply::default() };
    let all = [
        Message::Hello(frame::Hello::default()),
        Message::Call(Box::new(call)),
        Message::Reply(Box::new(reply)),
        Message::Want("content".into()),
        Message::Read("/tmp/a".into()),
        Message::Done,
        Message::Error("no".into()),
        Message::Cancel,
    ];
    all.iter().map(|message| frame::encode(7, message).unwrap()).collect()
}

#[test]
fn no_bytes_break_the_reader_of_frames() {
    let words = [
        "\u{0}", "\u{1}", "\u{7f}", "Call", "Reply", "Hello", "args", "module", "result", "\u{81}", "\u{93}",
    ];
    inputs("frames", &messages(), &words, |bytes| {
        if let Some((head, body)) = bytes.split_first_chunk::<4>() {
            drop(frame::announced(*head));
            drop(frame::decode(body));
        }
    });
}

#[test]
fn no_text_breaks_the_reader_of_json() {
    let words = [
        "{",
        "}",
        "[",
        "]",
        "\"",
        ":",
        ",",
        "null",
        "true",
        "1e",
        "-",
        "1e999",
        "0.",
        "\\u",
        "\\ud800",
        "\\\"",
        "NaN",
        "Infinity",
        "{\"a\":",
        "\"__ansible_type\"",
        "99999999999999999999999999",
    ];
    let all = samples("tests", &[".json"]);
    text_inputs("json", &all, &words, |text| {
        if let Ok(value) = json::read(text) {
            let written = json::dumps(&value);
            assert!(json::read(&written).is_ok(), "{written}");
        }
    });
}

#[test]
fn frames_and_json_that_are_nested_deeply_are_errors_or_read() {
    in_engine_stack(|| {
        for depth in [100, 1000, 10_000, 1_000_000] {
            for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
                drop(json::read(&open.repeat(depth)));
                drop(json::read(&format!("{}1{}", open.repeat(depth), close.repeat(depth))));
            }
            let mut args = vec![0, 0, 0, 1, 0x81, 0xa5];
            args.extend(b"Reply");
            args.extend([0x81, 0xa6]);
            args.extend(b"result");
            args.extend([0x81, 0xa1, b'a']);
            args.extend(std::iter::repeat_n(0x91, depth));
            drop(frame::decode(&args));
            let nested: Vec<u8> = [vec![0, 0, 0, 1], vec![0x91; depth], vec![0xc0]].concat();
            drop(frame::decode(&nested));
        }
    });
}
