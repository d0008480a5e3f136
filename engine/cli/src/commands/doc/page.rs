//! A page of documentation.

use rustible_protocol::{Dict, Value};
use rustible_yaml::emit;

use super::{
    markup::Look,
    wrap::{fill, indented},
};

/// How pages look.
#[derive(Clone, Copy)]
pub(super) struct Page {
    pub(super) look: Look,
    /// Columns of text.
    pub(super) width: usize,
    /// With the versions of everything.
    pub(super) verbose: bool,
}

const INDENT: &str = "        ";
const DOCS: &str = "https://docs.ansible.com/ansible-core/2.21/";
/// What is not shown, or shown elsewhere.
const ASIDE: [&str; 9] = [
    "module",
    "docuri",
    "version_added",
    "version_added_collection",
    "short_description",
    "collection",
    "plugin_name",
    "filename",
    "has_action",
];

pub(super) fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| rustible_protocol::json::key_text(value), str::to_string)
}

/// The texts of a list, or the one there is.
pub(super) fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::List(list)) => list.iter().map(text_of).collect(),
        None | Some(Value::Null) => Vec::new(),
        Some(one) => vec![text_of(one)],
    }
}

fn sorted(dict: &Dict) -> Vec<(&str, &Value)> {
    let mut all: Vec<(&str, &Value)> = dict.texts().map(|(key, value)| (key.as_str(), value)).collect();
    all.sort_by_key(|(key, _)| *key);
    all
}

/// The version of what was there from the beginning.
const HISTORICAL: &str = "historical";

fn version(version: &Value, collection: Option<&Value>) -> String {
    let version = text_of(version);
    match collection.and_then(Value::as_str) {
        None | Some("") => format!("version {version}"),
        Some("ansible.builtin") => format!("version {version} of ansible-core"),
        Some(collection) => format!("version {version} of {collection}"),
    }
}

/// Whether all options and returned values of what `--json` shows are described.
pub(super) fn is_whole(described: &Value) -> bool {
    let options = described.get("doc").and_then(|doc| doc.get("options"));
    all_described(options) && all_described(described.get("return"))
}

fn all_described(fields: Option<&Value>) -> bool {
    let Some(Value::Dict(fields)) = fields else { return true };
    fields.values().all(|field| {
        let inner = ["options", "suboptions", "contains", "spec"];
        field.as_dict().is_none()
            || field.get("description").is_some() && inner.iter().all(|key| all_described(field.get(key)))
    })
}

impl Page {
    fn fill(self, text: &str, less: usize, first: &str, others: &str) -> String {
        fill(&self.look.shown(text), self.width.saturating_sub(less), first, others)
    }

    /// As YAML, with its marks shown.
    fn yaml(self, value: &Value, flow: bool) -> String {
        let options = emit::Options { default_flow_style: Some(flow), ..emit::Options::default() };
        let text = emit::to_yaml(value, &options).unwrap_or_default();
        self.look.shown(text.trim_end().trim_end_matches("\n..."))
    }

    /// The page of a plugin in the form of `--json`, of which all is described.
    pub(super) fn of(self, kind: &str, described: &Value) -> String {
        let empty = Dict::new();
        let doc = described.get("doc").and_then(Value::as_dict).unwrap_or(&empty);
        let of = |key: &str| doc.get(key).filter(|value| value.truthy());
        let file = of("filename").map_or_else(|| "rustible".to_string(), text_of);
        let name = self.look.bold(&of("plugin_name").map(text_of).unwrap_or_default());
        let mut out = vec![format!("> {} {name} ({file})", kind.to_uppercase()), String::new()];
        out.extend(texts(doc.get("description")).iter().map(|text| self.fill(text, 0, "  ", "  ")));
        self.deprecated(doc, &mut out);
        if of("has_action").is_some() {
            out.push(String::new());
            let note = self.look.bold("  * note:");
            out.push(format!("{note} This module has a corresponding action plugin."));
        }
        if let Some(Value::Dict(options)) = of("options") {
            self.options_head(&mut out);
            self.fields(options, ("", INDENT), false, !self.verbose, &mut out);
        }
        self.attributes(doc, &mut out);
        if let Some(notes) = of("notes") {
            out.extend([String::new(), self.look.bold("NOTES:")]);
            out.extend(texts(Some(notes)).iter().map(|note| self.fill(note, 6, "      * ", INDENT)));
        }
        if let Some(Value::List(others)) = of("seealso") {
            out.extend([String::new(), self.look.bold("SEE ALSO:")]);
            others.iter().filter_map(Value::as_dict).for_each(|other| self.see_also(other, &mut out));
        }
        if let Some(needed) = of("requirements") {
            out.push(String::new());
            let needed = self.fill(&texts(Some(needed)).join(", "), 16, "  ", INDENT);
            out.push(format!("{}{needed}\n", self.look.bold("REQUIREMENTS:")));
        }
        let mut others = doc.clone();
        if let Some(metadata) = described.get("metadata").filter(|metadata| metadata.truthy()) {
            others.insert("metadata", metadata.clone());
        }
        self.others(kind, others, &mut out);
        match described.get("examples").filter(|examples| examples.truthy()) {
            Some(Value::Str(text)) => {
                out.extend([String::new(), self.look.bold("EXAMPLES:"), text.trim().to_string()]);
            }
            Some(other) => {
                out.extend([String::new(), self.look.bold("EXAMPLES:"), self.yaml(other, false) + "\n"]);
            }
            None => {}
        }
        if let Some(Value::Dict(returns)) = described.get("return").filter(|returns| returns.truthy()) {
            out.extend([String::new(), self.look.bold("RETURN VALUES:")]);
            self.fields(returns, ("", INDENT), true, !self.verbose, &mut out);
        }
        out.join("\n") + "\n\n"
    }

    fn options_head(self, out: &mut Vec<String>) {
        out.push(String::new());
        let mark = if self.look.styled { "red" } else { "=" };
        out.push(format!("{} ({mark} indicates it is required):", self.look.bold("OPTIONS")));
    }

    fn deprecated(self, doc: &Dict, out: &mut Vec<String>) {
        let Some(told) = doc.get("deprecated").filter(|told| told.truthy()) else { return };
        out.push(self.look.bold("DEPRECATED: "));
        let of = |names: &[&str]| names.iter().find_map(|name| told.get(name)).map(text_of);
        if told.as_dict().is_none() {
            return out.push(text_of(told));
        }
        let collection = of(&["removed_from_collection"]).filter(|name| !name.is_empty());
        let when = match (of(&["removed_at_date"]), of(&["removed_in", "version"])) {
            (Some(date), _) => format!("Will be removed in a release after {date}"),
            (None, release) => {
                let from = collection.unwrap_or_else(|| "Ansible".to_string());
                format!("Will be removed in: {from} {}", release.unwrap_or_default())
            }
        };
        let instead = of(&["alternatives", "alternative"]).unwrap_or_else(|| "none".to_string());
        out.push(format!(
            "\tReason: {}\n\t{when}\n\tAlternatives: {instead}",
            of(&["why"]).unwrap_or_default()
        ));
    }

    fn attributes(self, doc: &Dict, out: &mut Vec<String>) {
        let Some(Value::Dict(attributes)) = doc.get("attributes").filter(|all| all.truthy()) else { return };
        out.extend([String::new(), self.look.bold("ATTRIBUTES:")]);
        for (name, value) in attributes.texts() {
            let name = self.look.underlined(&format!("{name}:"));
            out.extend([String::new(), self.fill(&name, 6, INDENT, INDENT)]);
            out.push(indented(&self.yaml(value, false), INDENT));
        }
    }

    fn see_also(self, other: &Dict, out: &mut Vec<String>) {
        let of = |name: &str| other.get(name).map(text_of);
        let (head, builtin, described, link) = if let Some(module) = of("module") {
            let builtin = module.starts_with("ansible.builtin.");
            let link = format!("{DOCS}collections/{}_module.html", module.replacen('.', "/", 2));
            (format!("Module {module}"), builtin, format!("{module} module"), link)
        } else if let (Some(plugin), Some(kind)) = (of("plugin"), of("plugin_type")) {
            let builtin = plugin.starts_with("ansible.builtin.");
            let link = format!("{DOCS}collections/{}_{kind}.html", plugin.replacen('.', "/", 2));
            let what = if matches!(kind.as_str(), "module" | "role") { "" } else { " plugin" };
            let (first, rest) = kind.split_at(kind.len().min(1));
            let head = format!("{}{rest}{what} {plugin}", first.to_uppercase());
            (head, builtin, format!("{plugin} {kind}{what}"), link)
        } else if let (Some(name), Some(link)) = (of("name"), of("link")) {
            (name, true, String::new(), link)
        } else if let Some(place) = of("ref") {
            let link = format!("{DOCS}#stq={place}&stp=1");
            (format!("Ansible documentation [{place}]"), true, String::new(), link)
        } else {
            return;
        };
        out.push(self.fill(&head, 6, "      * ", INDENT));
        let official = builtin.then(|| format!("The official documentation on the {described}."));
        let deep = "           ";
        if let Some(text) = of("description").or(official) {
            out.push(self.fill(&text, 6, deep, deep));
        }
        if builtin {
            out.push(self.fill(&link, 6, deep, deep));
        }
    }

    /// Everything that has no place of its own.
    fn others(self, kind: &str, mut doc: Dict, out: &mut Vec<String>) {
        if self.verbose {
            let core = Value::from("ansible.builtin");
            let collection = doc.get("version_added_collection").unwrap_or(&core);
            let added = match doc.get("version_added") {
                Some(Value::Str(text)) if text.as_str() == HISTORICAL => HISTORICAL.to_string(),
                Some(added) => version(added, Some(collection)),
                None => version(&HISTORICAL.into(), Some(collection)),
            };
            doc.insert("added_in", added);
        }
        let shown =
            ["description", "deprecated", "options", "attributes", "notes", "seealso", "requirements"];
        for (key, value) in sorted(&doc) {
            if !value.truthy() || key == kind || ASIDE.contains(&key) || shown.contains(&key) {
                continue;
            }
            out.push(String::new());
            let head = self.look.bold(&key.to_uppercase());
            let text = match value {
                Value::Str(text) => self.fill(text, key.len() + 2, "", INDENT),
                Value::List(_) => texts(Some(value)).join(", "),
                other => indented(&self.yaml(other, false), &" ".repeat(key.len() + 2)),
            };
            out.push(format!("{head}: {text}"));
        }
    }

    /// Options or what is returned; `at` is where names and where what is said of them stand.
    fn fields(self, all: &Dict, at: (&str, &str), returns: bool, brief: bool, out: &mut Vec<String>) {
        for (name, field) in sorted(all) {
            let Value::Dict(field) = field else { continue };
            out.push(String::new());
            let required = field.get("required").is_some_and(Value::truthy);
            self.head(name, field, required, at, out);
            self.facts(field, required, at.1, returns, out);
            if let Some(added) = field.get("version_added").filter(|_| !brief) {
                out.push(format!(
                    "{}added in: {}",
                    at.1,
                    version(added, field.get("version_added_collection"))
                ));
            }
            for key in ["options", "suboptions", "contains", "spec"] {
                if let Some(Value::Dict(inner)) = field.get(key) {
                    out.push(format!("{}{key}:", at.1));
                    let deeper = format!("{}  ", at.1);
                    self.fields(inner, (at.1, &deeper), returns, false, out);
                }
            }
        }
    }

    fn head(self, name: &str, field: &Dict, required: bool, at: (&str, &str), out: &mut Vec<String>) {
        let least = at.1.len() - at.0.len() - 2;
        let blanks = " ".repeat(least.saturating_sub(name.chars().count()) + 2);
        let mark = match (self.look.styled, required) {
            (true, _) => "   ",
            (false, true) => "= ",
            (false, false) => "- ",
        };
        let shown = if required { self.look.bold(name) } else { name.to_string() };
        let first = format!("{}{mark}{shown}{blanks}", at.0);
        let others = " ".repeat(at.0.len() + 3 + name.chars().count() + blanks.len());
        let texts = texts(field.get("description"));
        for (number, text) in texts.iter().enumerate() {
            let filled = self.fill(text, 0, &others, &others);
            // The name stands where the first line is indented; its mark may be shorter.
            let text = filled.strip_prefix(&others).filter(|_| number == 0);
            out.push(text.map_or(filled.clone(), |text| format!("{first}{text}")));
        }
        if texts.is_empty() {
            out.push(first);
        }
    }

    /// One of the places that an option can be set in.
    fn place(self, place: &Value, cli: bool) -> Value {
        let mut place = place.as_dict().cloned().unwrap_or_default();
        let added = place.remove("version_added").filter(|_| self.verbose);
        place.remove("version_added_collection");
        if let Some(added) = added {
            // The reference names no other collection here.
            place.insert("added_in", version(&added, Some(&"ansible.builtin".into())));
        }
        if let Some(name) = place.get("name").filter(|_| cli && !place.contains_key("option")) {
            let option = format!("--{}", text_of(name).replace('_', "-"));
            place.insert("option", option);
        }
        place.into()
    }

    fn facts(self, field: &Dict, required: bool, indent: &str, returns: bool, out: &mut Vec<String>) {
        let mut rest = field.clone();
        for aside in ["description", "required", "version_added", "version_added_collection"] {
            rest.remove(aside);
        }
        for (inner, _) in ["options", "suboptions", "contains", "spec"].map(|key| (key, ())) {
            if rest.get(inner).is_some_and(|inner| matches!(inner, Value::Dict(_))) {
                rest.remove(inner);
            }
        }
        let mut places = Dict::new();
        for key in ["cli", "env", "ini", "vars", "keyword"] {
            if let Some(Value::List(all)) = rest.remove(key).filter(Value::truthy) {
                let shown: Vec<Value> = all.iter().map(|place| self.place(place, key == "cli")).collect();
                places.insert(key, shown);
            }
        }
        if !places.is_empty() {
            let set: Dict = [("set_via", places)].into_iter().collect();
            out.push(indented(&self.yaml(&set.into(), false), indent));
        }
        if !required && !returns && !rest.contains_key("default") {
            rest.insert("default", Value::Null);
        }
        for (key, value) in sorted(&rest).into_iter().filter(|(key, _)| !key.starts_with('_')) {
            out.push(match value {
                Value::List(_) => indented(&format!("{key}: {}", self.yaml(value, true)), indent),
                other => {
                    let one: Dict = [(key, other.clone())].into_iter().collect();
                    indented(&self.yaml(&one.into(), false), indent)
                }
            });
        }
    }
}
