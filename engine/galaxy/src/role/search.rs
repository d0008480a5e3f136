//! Roles on a server: one by its name, and `role search`.

use reqwest::Url;
use rustible_protocol::{Value, repr};
use rustible_source::Diagnostic;

use super::requirement::RoleSpec;
use crate::{
    api::Api,
    context::{Context, failed},
    fault::Refused,
    options::Search,
};

/// Where a role's archive is.
pub(crate) struct Found {
    /// The version that was asked for, or the newest.
    pub(crate) version: String,
    /// The archive.
    pub(crate) url: String,
}

/// The server's entry of a role `owner.name`; the first when there are several.
pub(crate) fn entry(name: &str, api: &Api<'_>) -> Result<Option<Value>, Refused> {
    let (owner, role) = name.rsplit_once('.').ok_or_else(|| {
        failed(format!("Invalid role name ({name}). Specify role as format: username.rolename"))
    })?;
    let query = query(&[("owner__username", owner), ("name", role)]);
    let (answer, _, _) = api.of_roles(&format!("roles/?{query}"), "")?;
    let results = answer.get("results").and_then(Value::as_list);
    Ok(results.and_then(|results| results.first()).cloned())
}

fn query(pairs: &[(&str, &str)]) -> String {
    let url = Url::parse_with_params("http://x/", pairs);
    url.ok().and_then(|url| url.query().map(String::from)).unwrap_or_default()
}

/// Find a role's archive.
pub(crate) fn lookup(spec: &RoleSpec, api: &Api<'_>, context: &Context<'_>) -> Result<Found, Diagnostic> {
    let (_, root, _) = api.roles_root()?;
    let missing = || failed(format!("- sorry, {} was not found on {root}.", spec.src));
    if let Some((owner, name)) = spec.src.rsplit_once('.') {
        context.say.line(&format!("- downloading role '{name}', owned by {owner}"));
    }
    let role = entry(&spec.src, api)?.ok_or_else(missing)?;
    let text = |value: &Value, key: &str| value.get(key).filter(|v| v.truthy()).map(repr::str);
    let id = text(&role, "id").unwrap_or_default();
    let (mut answer, url, on) = api.of_roles(&format!("roles/{id}/versions/?page_size=50"), "")?;
    let mut versions: Vec<Value> = Vec::new();
    loop {
        let page = answer.get("results").and_then(Value::as_list);
        versions.extend(page.into_iter().flat_map(|page| page.iter().cloned()));
        match text(&answer, "next_link").or_else(|| text(&answer, "next")) {
            Some(next) => answer = api.page(&next, &url, &on)?,
            None => break,
        }
    }
    let names: Vec<String> = versions.iter().filter_map(|version| text(version, "name")).collect();
    let wanted = spec.version.clone().filter(|version| !version.is_empty());
    let version = match wanted {
        Some(version) if version != "master" && !names.is_empty() && !names.contains(&version) => {
            return Err(failed(format!(
                "- the specified version ({version}) of {} was not found in the list of available versions ({}).",
                spec.name,
                repr::str(&Value::from(versions))
            )));
        }
        Some(version) => version,
        None => names
            .iter()
            .max_by_key(|name| loose(name))
            .cloned()
            .or_else(|| text(&role, "github_branch"))
            .unwrap_or_else(|| "master".into()),
    };
    let own = versions.iter().find(|one| text(one, "name").as_deref() == Some(version.as_str()));
    let link = own.and_then(|own| text(own, "download_url"));
    let github = || -> Option<String> {
        let (user, repo) = (text(&role, "github_user")?, text(&role, "github_repo")?);
        Some(format!("https://github.com/{user}/{repo}/archive/{version}.tar.gz"))
    };
    let url = link.or_else(github).ok_or_else(missing)?;
    Ok(Found { version, url })
}

/// Numbers and words of a version, to be compared.
fn loose(text: &str) -> Vec<(u64, String)> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start_matches('v');
    while let Some(first) = rest.chars().next() {
        let digits = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != digits || c == '.').unwrap_or(rest.len());
        let (part, behind) = rest.split_at(end.max(first.len_utf8()));
        rest = behind;
        if let Ok(number) = part.parse() {
            parts.push((number, String::new()));
        } else if part != "." {
            parts.push((0, part.to_string()));
        }
    }
    parts
}

pub(crate) fn run(args: &Search, context: &Context<'_>) -> Result<u8, Diagnostic> {
    let none = args.terms.is_empty()
        && args.platforms.is_none()
        && args.galaxy_tags.is_none()
        && args.author.is_none();
    if none {
        return Err(failed(
            "Invalid query. At least one search term, platform, galaxy tag or author must be provided.",
        ));
    }
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    let terms = args.terms.join("+");
    if !args.terms.is_empty() {
        pairs.push(("autocomplete", &terms));
    }
    let options = [
        ("tags_autocomplete", &args.galaxy_tags),
        ("platforms_autocomplete", &args.platforms),
        ("username_autocomplete", &args.author),
    ];
    pairs.extend(options.iter().filter_map(|(key, value)| Some((*key, value.as_deref()?))));
    pairs.push(("page_size", "1000"));
    let api = Api::new(context);
    let (answer, _, _) = api.of_roles(&format!("search/roles/?{}", query(&pairs)), "")?;
    let count = answer.get("count").and_then(Value::as_int).unwrap_or(0);
    if count == 0 {
        context.say.warning("No roles match your search.");
        return Ok(0);
    }
    let mut lines = vec![String::new()];
    lines.push(if count > 1000 {
        format!("Found {count} roles matching your search. Showing first 1000.")
    } else {
        format!("Found {count} roles matching your search:")
    });
    let results = answer.get("results").and_then(Value::as_list).cloned().unwrap_or_default();
    let text = |role: &Value, key: &str| role.get(key).map(repr::str).unwrap_or_default();
    let names: Vec<String> =
        results.iter().map(|role| format!("{}.{}", text(role, "username"), text(role, "name"))).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    lines.push(String::new());
    lines.push(format!(" {:<width$} {}", "Name", "Description"));
    lines.push(format!(" {:<width$} {}", "----", "-----------"));
    for (name, role) in names.iter().zip(results.iter()) {
        lines.push(format!(" {name:<width$} {}", text(role, "description")));
    }
    context.say.line(&lines.join("\n"));
    Ok(0)
}
