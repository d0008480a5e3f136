//! Find versions that fit each other: each name's requirements, its candidates newest first, and back when they conflict.

use std::{
    cell::RefCell,
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use indexmap::IndexMap;
use rustible_source::Diagnostic;

use super::{
    artifacts::Artifacts,
    requirement::{Kind, Wanted, class_of, of_fields},
};
use crate::{
    context::failed,
    version::{SemVer, meets, supports_core},
};

/// How to choose.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rules {
    /// Leave out what the collections need.
    pub(crate) no_deps: bool,
    /// Take pre-releases.
    pub(crate) pre: bool,
    /// Take newer versions of what is there.
    pub(crate) upgrade: bool,
    /// Ask no server.
    pub(crate) offline: bool,
}

/// A requirement and what has it.
#[derive(Debug, Clone)]
struct Asked {
    wanted: Wanted,
    by: Option<Wanted>,
}

/// All requirements of one name, and what fits them.
#[derive(Debug, Clone, Default)]
struct Criterion {
    asked: Vec<Asked>,
    candidates: Vec<Wanted>,
}

type Criteria = IndexMap<String, Criterion>;
type Pins = IndexMap<String, Wanted>;

/// Either an error that ends the search, or requirements that conflict.
enum Stop {
    Error(Box<Diagnostic>),
    Conflict(Vec<Asked>),
}

impl From<Diagnostic> for Stop {
    fn from(error: Diagnostic) -> Self {
        Self::Error(Box::new(error))
    }
}

struct Resolver<'a> {
    artifacts: &'a Artifacts<'a>,
    preferred: &'a [Wanted],
    rules: Rules,
    /// How many candidates of each name were of no use.
    rejections: RefCell<HashMap<String, usize>>,
}

/// What to take for the requirements, in the order it was chosen.
pub(crate) fn resolve(
    roots: &[Wanted],
    preferred: &[Wanted],
    rules: Rules,
    artifacts: &Artifacts<'_>,
) -> Result<Vec<Wanted>, Diagnostic> {
    let resolver = Resolver { artifacts, preferred, rules, rejections: RefCell::default() };
    let mut criteria = Criteria::new();
    let mut outcome = Ok(());
    for wanted in roots {
        outcome = resolver.add(&mut criteria, Asked { wanted: wanted.clone(), by: None });
        if outcome.is_err() {
            break;
        }
    }
    match outcome.and_then(|()| resolver.search(&criteria, &Pins::new(), 0)) {
        Ok(pins) => Ok(pins.into_values().filter(|pin| pin.kind != Kind::Core).collect()),
        Err(Stop::Error(error)) => Err(*error),
        Err(Stop::Conflict(causes)) => Err(resolver.conflict(&causes)),
    }
}

impl Resolver<'_> {
    fn add(&self, criteria: &mut Criteria, asked: Asked) -> Result<(), Stop> {
        let criterion = criteria.entry(asked.wanted.id()).or_default();
        criterion.asked.push(asked);
        criterion.candidates = self.candidates(&criterion.asked)?;
        if criterion.candidates.is_empty() {
            return Err(Stop::Conflict(criterion.asked.clone()));
        }
        Ok(())
    }

    fn search(&self, criteria: &Criteria, pins: &Pins, depth: usize) -> Result<Pins, Stop> {
        if depth > 2000 {
            return Err(failed("the collections need each other without an end").into());
        }
        let fits = |id: &String, pin: &Wanted| {
            criteria.get(id).is_some_and(|c| c.asked.iter().all(|a| satisfies(pin, &a.wanted) == Ok(true)))
        };
        // What was asked for first is settled first, as the reference does it.
        let mut open = criteria.iter().filter(|(id, _)| !pins.get(*id).is_some_and(|pin| fits(id, pin)));
        let Some((id, criterion)) = open.next() else {
            return Ok(pins.clone());
        };
        let mut causes = criterion.asked.clone();
        for candidate in &criterion.candidates {
            let mut next = criteria.clone();
            let mut pinned = pins.clone();
            pinned.shift_remove(id);
            pinned.insert(id.clone(), candidate.clone());
            let outcome =
                self.take(&mut next, candidate).and_then(|()| self.search(&next, &pinned, depth + 1));
            match outcome {
                Err(Stop::Conflict(conflict)) => {
                    self.rejected(candidate, &conflict);
                    causes = conflict;
                }
                other => return other,
            }
        }
        Err(Stop::Conflict(causes))
    }

    /// Tell of a search that may be long.
    fn rejected(&self, candidate: &Wanted, causes: &[Asked]) {
        let name = candidate.name.clone().unwrap_or_default();
        let mut rejections = self.rejections.borrow_mut();
        let count = rejections.entry(name.clone()).or_insert(0);
        *count += 1;
        let say = self.artifacts.context.say;
        match *count {
            1 | 8 => say.line(&format!(
                "ansible-galaxy is looking at multiple versions of {name} to determine which version is compatible with \
                 other requirements. This could take a while."
            )),
            13 => say.line(
                "This is taking longer than usual. You might need to provide the dependency resolver with stricter \
                 constraints to reduce runtime. If you want to abort this run, press Ctrl + C.",
            ),
            _ => return,
        }
        let mut text = "Will try a different candidate, due to conflict:".to_string();
        for cause in causes {
            let by = cause.by.as_ref().map(|by| format!("{} depends on ", by.shown()));
            text.push_str(&format!(
                "\n    {}{}",
                by.as_deref().unwrap_or("The user requested "),
                cause.wanted.shown()
            ));
        }
        say.verbose(1, &text);
    }

    /// Add what a candidate needs.
    fn take(&self, criteria: &mut Criteria, candidate: &Wanted) -> Result<(), Stop> {
        let dependencies = self.artifacts.dependencies(candidate)?;
        if let Some(core) = self.core(candidate)? {
            self.add(criteria, Asked { wanted: core, by: Some(candidate.clone()) })?;
        }
        if self.rules.no_deps && !candidate.kind.is_virtual() {
            return Ok(());
        }
        for (name, range) in dependencies {
            let fields = [("name", name.as_str()), ("version", range.as_str())].into_iter().collect();
            let wanted = of_fields(&fields, None, self.artifacts)?;
            let known = criteria.get(&wanted.id()).is_some_and(|c| {
                c.asked.iter().any(|a| a.wanted == wanted && a.by.as_ref() == Some(candidate))
            });
            if !known {
                self.add(criteria, Asked { wanted, by: Some(candidate.clone()) })?;
            }
        }
        Ok(())
    }

    /// The requirement on ansible-core of a candidate.
    fn core(&self, candidate: &Wanted) -> Result<Option<Wanted>, Diagnostic> {
        let context = self.artifacts.context;
        if context.any_core || candidate.kind.is_virtual() || candidate.kind == Kind::Core {
            return Ok(None);
        }
        let Some(range) = self.artifacts.requires_core(candidate)? else {
            context.say.warning(&format!("{} does not have requires_ansible metadata.", candidate.shown()));
            return Ok(None);
        };
        let core = "ansible-core".to_string();
        Ok(Some(Wanted { name: Some(core), version: range, source: None, server: None, kind: Kind::Core }))
    }

    fn candidates(&self, asked: &[Asked]) -> Result<Vec<Wanted>, Diagnostic> {
        let Some(first) = asked.first().map(|asked| &asked.wanted) else { return Ok(Vec::new()) };
        match first.kind {
            Kind::Core => {
                let core = &self.artifacts.context.core;
                let good = asked.iter().all(|asked| supports_core(&asked.wanted.version, core));
                let version = core.clone();
                Ok(if good { vec![Wanted { version, ..first.clone() }] } else { Vec::new() })
            }
            Kind::Galaxy => self.of_servers(first, asked),
            Kind::Git | Kind::Subdirs => Ok(vec![first.clone()]),
            Kind::File | Kind::Url | Kind::Dir => self.concrete(first).map(|one| vec![one]),
        }
    }

    /// The one thing that a path or URL stands for; its version must be one.
    fn concrete(&self, first: &Wanted) -> Result<Wanted, Diagnostic> {
        let meta = self.artifacts.meta(first)?;
        let version = meta.text("version");
        let value = meta.0.get("version").cloned().unwrap_or_default();
        let hint = "A SemVer-compliant version or '*' is required. See https://semver.org to learn how to compose it \
                    correctly. This is an issue with the collection.";
        let lead = format!("Invalid version found for the collection '{}'", first.shown());
        if value.as_list().is_some() || value.as_dict().is_some() {
            return Err(failed(format!("{lead}. {hint}")));
        }
        let told = format!("{lead}: {version} ({}). {hint}", class_of(&value));
        if value.as_str().is_none() {
            return Err(failed(told));
        }
        if version != "*" && SemVer::parse(&version).is_none() {
            let cause = failed(format!("invalid semantic version '{version}'"));
            return Err(cause.context(told.clone(), None).context(told, None));
        }
        Ok(Wanted { version, ..first.clone() })
    }

    /// What is there and fits, then what servers have, newest first.
    fn of_servers(&self, first: &Wanted, asked: &[Asked]) -> Result<Vec<Wanted>, Diagnostic> {
        let all_fit = |candidate: &Wanted| -> Result<bool, Diagnostic> {
            for asked in asked {
                if !satisfies(candidate, &asked.wanted).map_err(failed)? {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        let mut there = Vec::new();
        for one in self.preferred.iter().filter(|one| one.name == first.name) {
            if all_fit(one)? {
                there.push(one.clone());
            }
        }
        if !there.is_empty() && !self.rules.upgrade {
            return Ok(there);
        }
        let versions = if self.rules.offline { Vec::new() } else { self.artifacts.api.versions(first)? };
        let is_pre = |text: &str| SemVer::parse(text).is_some_and(|version| version.is_pre());
        let has_releases = versions.iter().any(|(version, _)| !is_pre(version));
        let pinned: HashSet<String> = asked
            .iter()
            .filter(|asked| asked.wanted.is_pinned())
            .map(|asked| asked.wanted.version.trim_start_matches('=').trim().to_string())
            .collect();
        let mut found = Vec::new();
        for (version, server) in versions {
            let skipped = is_pre(&version) && has_releases && !self.rules.pre && !pinned.contains(&version);
            let candidate = Wanted {
                name: first.name.clone(),
                version,
                source: Some(server.name.clone()),
                server: Some(server),
                kind: Kind::Galaxy,
            };
            if all_fit(&candidate)? && !skipped {
                found.push(candidate);
            }
        }
        // The order of servers decides between equal versions: the sort is stable.
        found.sort_by_key(|candidate| Reverse(SemVer::parse(&candidate.version)));
        there
            .retain(|one| found.iter().all(|new| SemVer::parse(&new.version) <= SemVer::parse(&one.version)));
        there.extend(found);
        Ok(there)
    }

    fn conflict(&self, causes: &[Asked]) -> Diagnostic {
        let mut lines = vec![
            "Failed to resolve the requested dependencies map. Could not satisfy the following requirements:"
                .to_string(),
        ];
        let of_core = causes.iter().any(|cause| cause.wanted.kind == Kind::Core);
        let core = &self.artifacts.context.core;
        for cause in causes {
            let by = |by: &Option<Wanted>| {
                by.as_ref().map_or("direct request".to_string(), |by| format!("dependency of {}", by.shown()))
            };
            match (&cause.by, cause.wanted.kind == Kind::Core) {
                (Some(parent), true) if !supports_core(&cause.wanted.version, core) => lines.push(format!(
                    "* {} ({}) requires ansible-core {}",
                    parent.shown(),
                    "direct request",
                    cause.wanted.version
                )),
                (_, true) => {}
                (parent, false) => lines.push(format!("* {} ({})", cause.wanted.shown(), by(parent))),
            }
        }
        if of_core {
            lines.push(
                "Hint: To disregard whether the collection supports the current version of ansible-core, configure \
                 COLLECTIONS_ON_ANSIBLE_VERSION_MISMATCH as \"ignore\"."
                    .into(),
            );
        }
        if !self.rules.pre {
            lines.push(
                "Hint: Pre-releases hosted on Galaxy or Automation Hub are not installed by default unless a specific \
                 version is requested. To enable pre-releases globally, use --pre."
                    .into(),
            );
        }
        // The reference shows what its resolver says below it.
        let text = lines.join("\n");
        let described = |cause: &Asked| {
            let by = cause.by.as_ref().map_or_else(|| "None".into(), Wanted::described);
            format!("RequirementInformation(requirement={}, parent={by})", cause.wanted.described())
        };
        let each: Vec<String> = causes.iter().map(described).collect();
        let text = format!("{}: [{}]", text.strip_suffix('.').unwrap_or(&text), each.join(", "));
        if causes.iter().any(|cause| cause.by.is_some()) {
            return failed(text);
        }
        let wanted: Vec<String> = causes.iter().map(|cause| cause.wanted.described()).collect();
        failed(format!("{text}: Requirements conflict: {}", wanted.join(", ")))
    }
}

/// Whether a candidate is what a requirement asks for.
fn satisfies(candidate: &Wanted, wanted: &Wanted) -> Result<bool, String> {
    if wanted.kind.is_virtual() || candidate.kind.is_virtual() || wanted.version == "*" {
        return Ok(true);
    }
    if wanted.kind == Kind::Core {
        return Ok(supports_core(&wanted.version, &candidate.version));
    }
    meets(&candidate.version, &wanted.version)
}
