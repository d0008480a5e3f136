//! Lists in pages, with the headers that clients walk by.

use hyper::StatusCode;
use serde_json::Value;

use super::{Call, Response};
use crate::doubles::web::{encode, json as json_answer, with_header};

/// One page of `list`, as `page` and `per_page` of the call ask.
pub(super) fn page(call: &Call, list: Vec<Value>) -> Response {
    let number = |name: &str, default: usize| {
        call.param(name)
            .and_then(|text| text.parse::<usize>().ok())
            .filter(|number| *number > 0)
            .unwrap_or(default)
    };
    let (page, size) = (number("page", 1), number("per_page", 20).min(100));
    let total = list.len();
    let pages = total.div_ceil(size).max(1);
    let data: Vec<Value> = list.into_iter().skip((page - 1) * size).take(size).collect();
    let mut links = Vec::new();
    let mut link = |page: usize, relation: &str| {
        links.push(format!("<{}>; rel=\"{relation}\"", url(call, page, size)));
    };
    if page > 1 {
        link(page - 1, "prev");
    }
    if page < pages {
        link(page + 1, "next");
    }
    link(1, "first");
    link(pages, "last");
    let next = if page < pages { (page + 1).to_string() } else { String::new() };
    let previous = if page > 1 { (page - 1).to_string() } else { String::new() };
    let headers = [
        ("x-page", page.to_string()),
        ("x-per-page", size.to_string()),
        ("x-total", total.to_string()),
        ("x-total-pages", pages.to_string()),
        ("x-next-page", next),
        ("x-prev-page", previous),
        ("link", links.join(", ")),
    ];
    headers.iter().fold(json_answer(StatusCode::OK, &Value::Array(data)), |answer, (name, value)| {
        with_header(answer, name, value)
    })
}

fn url(call: &Call, page: usize, size: usize) -> String {
    let kept = call.params.iter().filter(|(name, _)| !matches!(name.as_str(), "page" | "per_page"));
    let query = kept.fold(format!("page={page}&per_page={size}"), |query, (name, value)| {
        format!("{query}&{}={}", encode(name), encode(value))
    });
    format!("{}?{query}", call.url)
}
