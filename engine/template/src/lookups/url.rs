//! `url`: what an address answers. It is fetched by the surroundings, which know about proxies and certificates.

use super::Call;
use crate::{
    methods::split_lines,
    rt::{Res, Rt, fail},
};

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    let Some(fetch) = call.ctx.env.fetch.clone() else {
        return Err(fail("the lookup 'url' has nothing to fetch with"));
    };
    let mut options = rustible_protocol::Dict::new();
    for (key, value) in &call.options {
        options.insert(key.as_str(), call.ctx.plain(value)?);
    }
    let lines = call.flag("split_lines", true)?;
    let mut out = Vec::new();
    for address in call.texts()? {
        let body = fetch.fetch(&address, &options).map_err(fail)?;
        if lines {
            out.extend(split_lines(&body, false).into_iter().map(Rt::from));
        } else {
            out.push(Rt::from(body));
        }
    }
    Ok(out)
}
