//! `template`: a template file rendered.

use std::sync::Arc;

use rustible_protocol::{Dict, Origin, Text, Value};

use super::Call;
use crate::{
    FileOptions,
    context::Ctx,
    rt::{Res, Rt, fail},
    templar,
};

fn options(call: &Call) -> Res<FileOptions> {
    let mut options = FileOptions::default();
    let text = |name: &str, default: &str| call.text(name, default);
    options.variable = (text("variable_start_string", "{{")?, text("variable_end_string", "}}")?);
    options.comment = (text("comment_start_string", "{#")?, text("comment_end_string", "#}")?);
    options.block = (text("block_start_string", "{%")?, text("block_end_string", "%}")?);
    options.trim_blocks = call.flag("trim_blocks", true)?;
    options.lstrip_blocks = call.flag("lstrip_blocks", false)?;
    Ok(options)
}

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    let options = options(&call)?;
    let mut out = Vec::new();
    for name in call.texts()? {
        let Some(path) = call.ctx.env.find("templates", &name) else {
            return Err(fail(format!("the template file {name} could not be found for the lookup")));
        };
        let content = super::file::read(&call, &path)?;
        let file: Arc<str> = path.display().to_string().into();
        rustible_source::Files::global().add(&file, content.shared());
        let text = Text::trusted(content.shared().clone(), Some(Origin::new(&file, 0, 0)))
            .with_secret(content.is_secret());
        let mut extra = Dict::new();
        if let Some(Rt::Dict(vars)) = call.option("template_vars") {
            for (key, value) in vars.entries() {
                extra.insert(key, call.ctx.plain(&value)?);
            }
        }
        if call.ctx.scope.get("ansible_managed").is_none()
            && let Some(config) = &call.ctx.env.config
            && let Ok(Some((text, _))) = config.setting(&crate::Wanted {
                name: "DEFAULT_MANAGED_STR",
                plugin: None,
                variable: &|_| None,
            })
        {
            let modified = std::fs::metadata(&path).and_then(|meta| meta.modified()).ok();
            let text = crate::repr::text(&call.ctx.data(text))?;
            extra.insert("ansible_managed", Value::Str(crate::managed(&text, modified)));
        }
        for (key, value) in [("template_path", &*file), ("template_fullpath", &*file)] {
            extra.insert(key, value);
        }
        let mut env = call.ctx.env.clone();
        if let Some(folder) = path.parent() {
            env.search = call.ctx.env.search.iter().cloned().chain([folder.to_path_buf()]).collect();
        }
        let scope = templar::layered(extra, call.ctx.scope.clone());
        let mut inner = Ctx::beside(&call.ctx, scope);
        if let Some(ctx) = std::rc::Rc::get_mut(&mut inner) {
            ctx.env = env;
        }
        out.push(templar::file(&inner, &text, &options)?.defined()?);
    }
    Ok(out)
}
