//! A role: its folder, variables, dependencies, tasks and handlers.

use std::{
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use rustible_protocol::{Dict, Origin, Text, Value, json};
use rustible_source::Diagnostic;

use super::{Level, Loader, as_list, block::with_tag_list, playbook::listed, with_endings};
use crate::{
    frame::{Frame, FrameKind, OWN},
    keywords::keyword,
    model::{Args, Item, Kind, LoopControl, Role, RoleUse, Task},
};

/// What a place of use asks of a role.
#[derive(Debug, Clone)]
pub struct RoleRequest {
    /// Name as written.
    pub name: Text,
    /// Keywords given with it.
    pub attrs: Dict,
    /// Parameters given with it, other than keywords.
    pub params: Dict,
    /// What is around it.
    pub parent: Arc<Frame>,
    /// `tasks_from`, `vars_from`, `defaults_from`, `handlers_from`.
    pub from: Dict,
    /// Its variables are seen by the whole play.
    pub public: bool,
    /// Overrides the role's own `allow_duplicates`.
    pub allow_duplicates: Option<bool>,
    /// A role that is not there fails the host, where its failure may be rescued, and not the run.
    pub rescuable: bool,
    /// Whether its arguments are checked against `meta/argument_specs`.
    pub validate: bool,
    /// Where it was written.
    pub origin: Option<Arc<Origin>>,
    /// Roles that led here as their dependency.
    pub parents: Vec<Arc<Role>>,
}

impl RoleRequest {
    /// An entry of a play's `roles` or of a role's dependencies.
    ///
    /// # Errors
    /// When it names no role.
    pub fn of_play(loader: &Loader, entry: &Value, parent: &Arc<Frame>) -> Result<Self, Diagnostic> {
        let (name, attrs, params, origin) = match entry {
            Value::Str(text) if text.contains(',') && !text.may_be_template() => {
                let error = format!("Invalid old style role requirement: {text}");
                return Err(Diagnostic::parse(error, None));
            }
            Value::Str(text) => (text.clone(), Dict::new(), Dict::new(), text.origin().cloned()),
            Value::Dict(dict) => {
                let name = dict.get("role").or_else(|| dict.get("name")).and_then(Value::as_text);
                let Some(name) = name else {
                    return Err(
                        Diagnostic::new("role definitions must contain a role name").at(dict.origin())
                    );
                };
                let mut attrs = Dict::new();
                let mut params = Dict::new();
                for (key, value) in dict {
                    match key.as_str() {
                        Some("role" | "name" | "src" | "scm" | "version") => {}
                        Some(word) if keyword(word, Level::Role).is_some() => {
                            drop(attrs.insert(key.clone(), value.clone()));
                        }
                        _ => drop(params.insert(key.clone(), value.clone())),
                    }
                }
                (name.clone(), attrs, params, dict.origin().cloned())
            }
            other => {
                return Err(Diagnostic::parse(
                    format!(
                        "Invalid role definition: expected a name or a mapping, got {}",
                        other.type_name()
                    ),
                    other.origin().or(parent.origin.as_ref()),
                ));
            }
        };
        loader.check_defaults(&attrs)?;
        Ok(Self {
            name,
            attrs: with_tag_list(loader, attrs)?,
            params,
            parent: parent.clone(),
            from: Dict::new(),
            public: loader.public_roles.unwrap_or(true),
            allow_duplicates: None,
            rescuable: false,
            validate: true,
            origin,
            parents: Vec::new(),
        })
    }

    /// The (rendered) arguments of `include_role` or `import_role`.
    ///
    /// # Errors
    /// When the name is missing or an argument is none of its own.
    pub fn of_include(
        loader: &Loader,
        args: &Dict,
        frame: &Arc<Frame>,
        at: Option<&Arc<Origin>>,
        stat: bool,
    ) -> Result<Self, Diagnostic> {
        const FROM: [&str; 4] = ["tasks_from", "vars_from", "defaults_from", "handlers_from"];
        let action = if stat { "import_role" } else { "include_role" };
        let mut from = Dict::new();
        let mut request = Self {
            name: Text::untrusted(""),
            attrs: Dict::new(),
            params: Dict::new(),
            parent: frame.clone(),
            from: Dict::new(),
            public: loader.public_roles.unwrap_or(stat),
            allow_duplicates: Some(true),
            rescuable: !stat,
            validate: true,
            origin: at.cloned(),
            parents: Vec::new(),
        };
        for (key, value) in args {
            let name = key.as_str().unwrap_or_default();
            let flag = || crate::load::role::truth(value);
            match name {
                "name" | "role" | "_raw_params" => {
                    request.name = value.as_text().cloned().unwrap_or_else(|| json::key_text(value).into());
                }
                "apply" if !stat => {}
                "public" => request.public = flag(),
                "allow_duplicates" => request.allow_duplicates = Some(flag()),
                "rescuable" if !stat => request.rescuable = flag(),
                "rolespec_validate" => request.validate = flag(),
                _ if FROM.contains(&name) => {
                    let Some(text) = value.as_str() else {
                        return Err(Diagnostic::parse(
                            format!("Expected a string for {name} but got {} instead", value.type_name()),
                            key.origin().or(at),
                        ));
                    };
                    from.insert(name, text);
                }
                _ => {
                    return Err(Diagnostic::parse(format!("Invalid options for {action}: {name}"), at));
                }
            }
        }
        if request.name.is_empty() {
            return Err(Diagnostic::parse(format!("'name' is a required field for {action}."), at));
        }
        request.from = from;
        Ok(request)
    }
}

fn truth(value: &Value) -> bool {
    match value {
        Value::Str(text) => matches!(text.to_lowercase().as_str(), "yes" | "y" | "on" | "1" | "true" | "t"),
        other => other.truthy(),
    }
}

impl Loader {
    /// Load a role for use.
    ///
    /// # Errors
    /// When it is not found or something in it cannot be read.
    pub fn role(&self, request: &RoleRequest) -> Result<RoleUse, Diagnostic> {
        if request.parents.len() > 50 {
            let error = "A recursion loop was detected with the roles specified. Make sure child roles do not have dependencies on parent roles: maximum recursion depth exceeded";
            return Err(Diagnostic::new(error).at(request.origin.as_ref()));
        }
        let name = self.rendered_name(request)?;
        let (path, collection) = self.find_role(&name, request)?;
        // Shown, and known to its variables, by its full name however it was found, and whatever folder it lies in.
        let name = match &collection {
            Some(collection) => format!("{collection}.{}", name.rsplit('.').next().unwrap_or_default()),
            None => name,
        };
        self.catalog.enter(&path);
        let meta = self.role_file(&path, "meta", "main", None)?.unwrap_or_default();
        let meta = match &meta {
            Value::Null => Dict::new(),
            Value::Dict(meta) => meta.clone(),
            other => {
                return Err(Diagnostic::parse(
                    format!("the 'meta/main.yml' for role {name} is not a dictionary"),
                    other.origin(),
                ));
            }
        };
        let vars = self.role_vars(&path, "vars", &name, request)?;
        let defaults = self.role_vars(&path, "defaults", &name, request)?;
        let from = |section: &str| {
            request.from.get(&format!("{section}_from")).and_then(Value::as_str).unwrap_or("main").to_string()
        };
        let entry_point = Path::new(&from("tasks")).with_extension("").display().to_string();
        let argument_spec =
            if request.validate { self.argument_spec(&path, &meta, &entry_point)? } else { None };
        let allow_duplicates =
            request.allow_duplicates.unwrap_or_else(|| meta.get("allow_duplicates").is_some_and(truth));
        let mut parents_with_self = request.parents.clone();
        let mut dependency_uses = Vec::new();
        let short = Arc::new(Role {
            name: name.clone(),
            collection: collection.clone(),
            path: path.clone(),
            defaults: defaults.clone(),
            vars: vars.clone(),
            params: request.params.clone(),
            use_vars: request.attrs.get("vars").and_then(Value::as_dict).cloned().unwrap_or_default(),
            dependencies: Vec::new(),
            parents: request.parents.clone(),
            allow_duplicates,
            public: request.public,
            identity: String::new(),
            argument_spec: None,
        });
        parents_with_self.insert(0, short.clone());
        let dependency_frame = Arc::new(self.role_frame(request, &short, &meta));
        let dependencies = meta.get("dependencies").cloned().unwrap_or_default();
        for dependency in as_list(&dependencies, "Expected role dependencies to be a list.", meta.origin())? {
            let mut inner = RoleRequest::of_play(self, dependency, &dependency_frame)?;
            inner.parents.clone_from(&parents_with_self);
            inner.public = request.public;
            dependency_uses.push(self.role(&inner)?);
        }
        let role = Arc::new(Role {
            dependencies: dependency_uses.iter().map(|used| used.role.clone()).collect(),
            identity: identity(&path, request),
            argument_spec,
            ..copy(&short)
        });
        let frame = Arc::new(self.role_frame(request, &role, &meta));
        self.role_steps(request, &role, &frame, dependency_uses, (from("tasks"), from("handlers")))
    }

    fn role_steps(
        &self,
        request: &RoleRequest,
        role: &Arc<Role>,
        frame: &Arc<Frame>,
        dependencies: Vec<RoleUse>,
        (tasks_from, handlers_from): (String, String),
    ) -> Result<RoleUse, Diagnostic> {
        // `main` may be missing, a file that the place of use names may not.
        let named = |from: &str| Some(request).filter(|_| from != "main");
        let mut items = Vec::new();
        let mut handlers = Vec::new();
        for used in dependencies {
            items.extend(used.items);
            handlers.extend(used.handlers);
        }
        if let Some((entry_point, spec)) = &role.argument_spec {
            items.push(Item::Task(self.validation(role, frame, entry_point, spec)));
        }
        let tasks = self.role_file(&role.path, "tasks", &tasks_from, named(&tasks_from))?.unwrap_or_default();
        if !matches!(tasks, Value::List(_) | Value::Null) {
            return Err(Diagnostic::parse(
                format!("The tasks/main.yml file for role '{}' must contain a list of tasks", role.name),
                tasks.origin(),
            ));
        }
        items.extend(self.items(&tasks, frame, false)?);
        let mut mark = Dict::new();
        mark.insert("tags", vec![Value::str("always")]);
        let bare = Arc::new(Frame {
            kind: FrameKind::Role,
            attrs: Dict::new(),
            vars: Dict::new(),
            origin: None,
            parent: None,
            role: Some(role.clone()),
            folder: None,
            named: None,
        });
        items.push(Item::Task(self.implicit(&bare, "meta", Kind::RoleComplete, mark)));
        let own = self
            .role_file(&role.path, "handlers", &handlers_from, named(&handlers_from))?
            .unwrap_or_default();
        handlers.extend(self.handlers(&own, frame)?);
        Ok(RoleUse { role: role.clone(), items, handlers })
    }

    fn role_frame(&self, request: &RoleRequest, role: &Arc<Role>, meta: &Dict) -> Frame {
        let mut attrs = request.attrs.clone();
        attrs.remove("vars");
        // A role is searched for in what it says itself, not in what the play around it says; but a playbook of a
        // collection makes that one count everywhere.
        let play = request.parent.chain().last().and_then(|play| play.folder.as_ref());
        let default = play.and_then(|folder| self.collection_of(&folder.join("playbook")));
        let mut collections: Vec<Value> =
            default.iter().chain(&role.collection).map(|name| Value::str(name.as_str())).collect();
        let told = listed(meta.get("collections"));
        let ends =
            told.is_empty() || told.iter().any(|name| OWN.iter().any(|own| name.as_str() == Some(own)));
        collections.extend(told);
        if !ends {
            collections.push(Value::str(OWN[0]));
        }
        let mut seen = std::collections::HashSet::new();
        collections.retain(|name| seen.insert(name.clone()));
        attrs.insert("collections", collections);
        let mut frame = Frame::inside(&request.parent, FrameKind::Role, attrs, request.origin.as_ref());
        frame.role = Some(role.clone());
        frame
    }

    fn rendered_name(&self, request: &RoleRequest) -> Result<String, Diagnostic> {
        if !request.name.may_be_template() {
            return Ok(request.name.to_string());
        }
        let vars = Self::static_vars(&request.parent);
        let value = self.source.render(&request.name, &[&vars]).map_err(|e| e.at(request.origin.as_ref()))?;
        Ok(value.as_str().map_or_else(|| json::key_text(&value), str::to_string))
    }

    fn find_role(&self, name: &str, request: &RoleRequest) -> Result<(PathBuf, Option<String>), Diagnostic> {
        let collections = request.parent.collections();
        if let Some((path, collection)) = self.collection_role(name, &collections) {
            return Ok((path, Some(collection)));
        }
        let folder = request.parent.chain().last().and_then(|play| play.folder.clone()).unwrap_or_default();
        let mut bases = vec![folder.join("roles")];
        bases.extend(self.roles_path.iter().cloned());
        bases.extend(
            request
                .parents
                .iter()
                .chain(&request.parent.role)
                .filter_map(|r| r.path.parent().map(Path::to_path_buf)),
        );
        bases.push(folder.clone());
        let mut seen = std::collections::HashSet::new();
        bases.retain(|base| seen.insert(base.clone()));
        let found = bases.iter().map(|base| base.join(name)).find(|path| path.is_dir());
        if let Some(path) = found {
            return Ok((rustible_source::normal(&path), None));
        }
        let mut tried = request.parent.searched();
        tried.extend(bases.iter().map(|base| base.display().to_string()));
        let text = format!("The role '{name}' was not found in: {}", tried.join(":"));
        let place = request.name.origin().or(request.origin.as_ref());
        Err(Diagnostic::parse(text, place).of_kind(rustible_source::Kind::General))
    }

    /// A file of a role, without its ending; `None` when it is not there and need not be.
    fn role_file(
        &self,
        role: &Path,
        section: &str,
        name: &str,
        required: Option<&RoleRequest>,
    ) -> Result<Option<Value>, Diagnostic> {
        let base = role.join(section).join(name);
        let found = with_endings(&base).into_iter().find(|path| path.is_file());
        let folder = role.join(section);
        match found {
            Some(path) if !within(&path, &folder) => Err(Diagnostic::parse(
                format!(
                    "Failed loading ''{}'' for role ({}) as it is not inside the expected role path: '{}'",
                    path.display(),
                    role.file_name().unwrap_or_default().to_string_lossy(),
                    folder.display()
                ),
                required.and_then(|request| request.origin.as_ref()),
            )
            .of_kind(required.map_or(rustible_source::Kind::Parse, kind))),
            Some(path) => self.source.load(&path).map(Some),
            None => required.map_or(Ok(None), |request| Err(absent(section, name, request))),
        }
    }

    /// `vars` or `defaults`: the main file, or all files of a folder of that name in order.
    fn role_vars(
        &self,
        role: &Path,
        section: &str,
        name: &str,
        request: &RoleRequest,
    ) -> Result<Dict, Diagnostic> {
        let from = request.from.get(&format!("{section}_from")).and_then(Value::as_str);
        let mut files: Vec<PathBuf> = Vec::new();
        let base = role.join(section).join(from.unwrap_or("main"));
        match with_endings(&base).into_iter().find(|path| path.is_file()) {
            Some(path) => files.push(path),
            None if base.is_dir() => collect_vars(&base, &mut files)
                .map_err(|error| Diagnostic::new(format!("{}: {error}", base.display())))?,
            None if from.is_some() => {
                return Err(absent(section, from.unwrap_or_default(), request));
            }
            None => {}
        }
        let mut all = Dict::new();
        for file in files {
            match self.source.load(&file)? {
                Value::Null => {}
                Value::Dict(vars) => all.extend(&vars),
                other => {
                    return Err(Diagnostic::parse(
                        format!(
                            "The {section}/main.yml file for role '{name}' must contain a dictionary of variables"
                        ),
                        other.origin(),
                    ));
                }
            }
        }
        Ok(all)
    }

    fn argument_spec(
        &self,
        role: &Path,
        meta: &Dict,
        entry_point: &str,
    ) -> Result<Option<(String, Dict)>, Diagnostic> {
        let file = self.role_file(role, "meta", "argument_specs", None)?;
        let specs = match &file {
            Some(Value::Dict(file)) => file.get("argument_specs").cloned(),
            _ => meta.get("argument_specs").cloned(),
        };
        let spec = specs.as_ref().and_then(|specs| specs.get(entry_point)).and_then(Value::as_dict);
        Ok(spec.map(|spec| (entry_point.to_string(), spec.clone())))
    }

    fn validation(&self, role: &Arc<Role>, frame: &Arc<Frame>, entry_point: &str, spec: &Dict) -> Arc<Task> {
        let described =
            spec.get("short_description").and_then(Value::as_str).map(|text| format!(" - {text}"));
        let name =
            format!("Validating arguments against arg spec '{entry_point}'{}", described.unwrap_or_default());
        let mut attrs = Dict::new();
        attrs.insert("name", name);
        attrs.insert("tags", vec![Value::str("always")]);
        let mut context = Dict::new();
        context.insert("type", "role");
        context.insert("name", role.short_name());
        context.insert("argument_spec_name", entry_point);
        context.insert("path", role.path.display().to_string());
        let mut named = Dict::new();
        named.insert(
            "argument_spec",
            spec.get("options").cloned().unwrap_or_else(|| Dict::new().into()).into_untrusted(),
        );
        named.insert("provided_arguments", role.params.clone());
        named.insert("validate_args_context", context);
        Arc::new(Task {
            uuid: self.uuid(),
            frame: Arc::new(Frame::inside(frame, FrameKind::Task, attrs, frame.origin.as_ref())),
            origin: frame.origin.clone(),
            action_origin: None,
            action: Text::untrusted("ansible.builtin.validate_argument_spec"),
            kind: Kind::Action("ansible.builtin.validate_argument_spec".into()),
            args: Args { named, template: None },
            looped: None,
            control: LoopControl::default(),
            handler: false,
            listen: Vec::new(),
            implicit: true,
        })
    }
}

/// A file that the place of use names is not in the role.
/// Whether the file's path stays below the folder; links may lead anywhere.
fn within(file: &Path, folder: &Path) -> bool {
    let mut depth = 0_usize;
    file.strip_prefix(folder).is_ok_and(|rest| {
        rest.components().all(|part| match part {
            Component::ParentDir => depth.checked_sub(1).is_some_and(|less| {
                depth = less;
                true
            }),
            _ => {
                depth += 1;
                true
            }
        })
    })
}

/// Of what kind an error of the request is.
fn kind(request: &RoleRequest) -> rustible_source::Kind {
    if request.rescuable { rustible_source::Kind::General } else { rustible_source::Kind::Parse }
}

fn absent(section: &str, name: &str, request: &RoleRequest) -> Diagnostic {
    let kind = kind(request);
    let message = format!("Could not find specified file in role: {section}/{name}");
    // What may be rescued is told without its place.
    let at = request.origin.as_ref().filter(|_| !request.rescuable);
    Diagnostic::parse(message, at).of_kind(kind)
}

fn copy(role: &Role) -> Role {
    Role {
        name: role.name.clone(),
        collection: role.collection.clone(),
        path: role.path.clone(),
        defaults: role.defaults.clone(),
        vars: role.vars.clone(),
        params: role.params.clone(),
        use_vars: role.use_vars.clone(),
        dependencies: Vec::new(),
        parents: role.parents.clone(),
        allow_duplicates: role.allow_duplicates,
        public: role.public,
        identity: role.identity.clone(),
        argument_spec: None,
    }
}

fn identity(path: &Path, request: &RoleRequest) -> String {
    let mut all = Dict::new();
    all.insert("path", path.display().to_string());
    all.insert("params", request.params.clone());
    all.insert("from", request.from.clone());
    for key in ["when", "tags", "vars"] {
        all.insert(key, request.attrs.get(key).cloned().unwrap_or_default());
    }
    // Statements (import, include) around it carry the keywords of their own; a role that needs it does not count.
    let around = Some(&request.parent).filter(|parent| parent.kind != FrameKind::Role);
    all.insert("around", around.and_then(|parent| parent.attrs.get("when")).cloned().unwrap_or_default());
    json::write(&Value::Dict(all), json::Style::default())
}

fn collect_vars(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    entries.sort();
    for entry in entries {
        let name = entry.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        if entry.is_dir() {
            collect_vars(&entry, files)?;
        } else if entry.extension().is_none_or(|e| ["yml", "yaml", "json"].iter().any(|x| e == *x)) {
            files.push(entry);
        }
    }
    Ok(())
}
