//! `lipsum()`: paragraphs without meaning, to try a layout with.

use std::rc::Rc;

use rand::{RngExt as _, rng, seq::IndexedRandom as _};

use crate::{
    args::bind,
    context::Ctx,
    rt::{Args, Res, Rt, fail},
};

const WORDS: &str = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et \
dolore magna aliqua enim ad minim veniam quis nostrud exercitation ullamco laboris nisi aliquip ex ea commodo consequat duis \
aute irure in reprehenderit voluptate velit esse cillum fugiat nulla pariatur";

/// `lipsum(n=5, html=true, min=20, max=100)`: that many paragraphs, each of a number of words between the two.
pub(crate) fn lipsum(_: &Rc<Ctx>, args: Args) -> Res<Rt> {
    let args = bind("generate_lorem_ipsum", args, &["n", "html", "min", "max"])?;
    let (count, html, min, max) = (args.int(0, 5)?, args.flag(1, true)?, args.int(2, 20)?, args.int(3, 100)?);
    if min >= max {
        return Err(fail(format!("empty range in randrange({min}, {max})")));
    }
    if count.saturating_mul(max) > 5_000_000 {
        return Err(fail("the text is too long"));
    }
    let paragraphs: Vec<String> = (0..count).map(|_| paragraph(rng().random_range(min..max))).collect();
    Ok(Rt::str(if html {
        paragraphs.iter().map(|text| format!("<p>{text}</p>")).collect::<Vec<_>>().join("\n")
    } else {
        paragraphs.join("\n\n")
    }))
}

fn paragraph(words: i64) -> String {
    let known: Vec<&str> = WORDS.split_whitespace().collect();
    let mut out = String::new();
    let mut left = 0;
    for _ in 0..words {
        let word = known.choose(&mut rng()).copied().unwrap_or_default();
        if left == 0 {
            left = rng().random_range(4..14);
            let (first, rest) = word.split_at(1);
            out.push_str(if out.is_empty() { "" } else { ". " });
            out.push_str(&first.to_uppercase());
            out.push_str(rest);
        } else {
            out.push(' ');
            out.push_str(word);
        }
        left -= 1;
    }
    out + "."
}
