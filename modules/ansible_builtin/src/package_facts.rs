//! `ansible.builtin.package_facts`: installed packages as facts; apt's are the ones there are.

use std::collections::BTreeMap;

use rustible_sdk::prelude::*;

/// Tell installed packages as facts.
#[derive(Args)]
#[args(check = full)]
pub(crate) struct Args {
    /// Managers to ask.
    #[arg(default = "auto")]
    manager: Vec<String>,
    /// Whether all managers are asked, or the first that knows something.
    #[arg(default = "first", choices("first", "all"))]
    strategy: String,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    // There is one manager to ask, so first and all are the same.
    let _ = &args.strategy;
    let names: Vec<String> = args.manager.iter().map(|name| name.to_lowercase()).collect();
    if let Some(other) = names.iter().find(|name| !matches!(name.as_str(), "auto" | "apt")) {
        let text = format!("package_facts: the package manager \"{other}\" is not supported, only apt");
        return Err(Failure::new(text).of_arg("manager"));
    }
    if host.find_program("dpkg-query").is_none() {
        fail!(
            "Could not detect a supported package manager from the following list: ['apt'], or the required \
             Python library is not installed. Check warnings for details."
        );
    }
    let format = "${binary:Package}\t${Version}\t${Architecture}\t${Section}\t${db:Status-Status}\n";
    let output = host.query(&Command::new(["dpkg-query", "-W", "-f", format]).plain_language())?;
    let installed = installed(&output.or_fail(|o| o.stderr.trim_end().to_string())?.stdout);
    let origins = origins(&installed, host)?;
    let mut packages: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for [name, version, arch, section] in &installed {
        let origin = origins.get(name).map_or("", String::as_str);
        packages.entry(name.clone()).or_default().push(Value::Dict(dict! {
            "name" => name.as_str(),
            "version" => version.as_str(),
            "arch" => arch.as_str(),
            "category" => section.as_str(),
            "origin" => origin,
            "source" => "apt",
        }));
    }
    let packages: Dict =
        packages.into_iter().map(|(name, list)| (Value::from(name), Value::from(list))).collect();
    Ok(Outcome::facts(dict! { "packages" => packages }))
}

/// Name, version, architecture and section of each; packages of the machine's own architecture without it.
fn installed(output: &str) -> Vec<[String; 4]> {
    let lines = output.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let mut all = Vec::new();
    for fields in lines {
        if let [name, version, arch, section, "installed"] = fields.as_slice() {
            all.push([name, version, arch, section].map(|text| (*text).to_string()));
        }
    }
    // dpkg writes the architecture also where it is the machine's, when packages of it may stand beside others.
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for [_, _, arch, _] in all.iter().filter(|[_, _, arch, _]| arch != "all") {
        *count.entry(arch.clone()).or_default() += 1;
    }
    let own = count.into_iter().max_by_key(|(_, count)| *count).map(|(arch, _)| format!(":{arch}"));
    if let Some(own) = own {
        for [name, ..] in &mut all {
            if let Some(short) = name.strip_suffix(&own) {
                *name = short.to_string();
            }
        }
    }
    all
}

/// Who offers each installed version, by the package's name.
fn origins(installed: &[[String; 4]], host: &Host) -> Result<BTreeMap<String, String>> {
    let ask = Command::new(["apt-cache", "policy"]).plain_language();
    let sources = host.query(&ask)?;
    let names = installed.iter().map(|[name, ..]| name.as_str());
    let versions = host.query(&ask.args(names))?;
    Ok(offered(&versions.stdout, &releases(&sources.stdout)))
}

/// Sources and their origins, of `apt-cache policy`.
fn releases(output: &str) -> BTreeMap<String, String> {
    let (mut all, mut source) = (BTreeMap::new(), String::new());
    for line in output.lines().map(str::trim) {
        if let Some(release) = line.strip_prefix("release ") {
            let origin = release.split(',').find_map(|part| part.strip_prefix("o="));
            all.insert(source.clone(), origin.unwrap_or_default().to_string());
        } else {
            source = without_priority(line);
        }
    }
    all
}

fn without_priority(line: &str) -> String {
    let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
    if first.parse::<i64>().is_ok() { rest.trim().to_string() } else { line.to_string() }
}

/// The first source of each installed version (the one with stars), of `apt-cache policy NAME...`.
fn offered(output: &str, releases: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let (mut all, mut name, mut now) = (BTreeMap::new(), String::new(), false);
    for line in output.lines() {
        if !line.starts_with(' ') {
            name = line.trim_end_matches(':').to_string();
            now = false;
        } else if line.starts_with(" *** ") {
            now = true;
        } else if now && line.starts_with("        ") {
            let origin = releases.get(&without_priority(line.trim()));
            all.entry(name.clone()).or_insert_with(|| origin.cloned().unwrap_or_default());
        } else {
            now = false;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_of_the_machines_architecture_have_no_suffix() {
        let text = "a\t1\tall\tweb\tinstalled\nb:amd64\t2\tamd64\tlibs\tinstalled\nc\t1\tamd64\tlibs\tinstalled\n\
                    b:i386\t2\ti386\tlibs\tinstalled\nd\t1\tall\tweb\tconfig-files\n";
        let names: Vec<String> = installed(text).into_iter().map(|[name, ..]| name).collect();
        assert_eq!(names, ["a", "b", "c", "b:i386"]);
    }

    #[test]
    fn the_first_source_of_the_installed_version_counts() {
        let sources = "Package files:\n 100 /var/lib/dpkg/status\n     release a=now\n \
            500 http://d.example x/main amd64 Packages\n     release v=1,o=Example,a=stable\n     origin d.example\n";
        let releases = releases(sources);
        let policy = "bash:\n  Installed: 2\n  Version table:\n     3 500\n        500 http://e x Packages\n *** 2 500\n        \
            500 http://d.example x/main amd64 Packages\n        100 /var/lib/dpkg/status\nown:\n  Version table:\n *** 1 100\n        \
            100 /var/lib/dpkg/status\n";
        let offered = offered(policy, &releases);
        assert_eq!(offered.get("bash").map(String::as_str), Some("Example"));
        assert_eq!(offered.get("own").map(String::as_str), Some(""));
    }
}
