//! `fileglob`: files of the controller that match a pattern.

use super::Call;
use crate::{
    filters::path::{dirname, expand_user, glob_files},
    rt::{Res, Rt},
};

pub(super) fn run(call: Call) -> Res<Vec<Rt>> {
    let mut out = Vec::new();
    for term in call.texts()? {
        let term = expand_user(&term);
        let name = term[term.rfind('/').map_or(0, |i| i + 1)..].to_string();
        let folder = dirname(&term);
        let folders: Vec<String> = if term.starts_with('/') {
            vec![folder]
        } else {
            let search = call.ctx.env.search.iter();
            search
                .flat_map(|dir| [dir.join("files").join(&folder), dir.join(&folder)])
                .map(|p| p.display().to_string().trim_end_matches('/').to_string())
                .collect()
        };
        for folder in folders {
            let found = glob_files(&format!("{folder}/{name}"));
            if !found.is_empty() {
                out.extend(found.into_iter().map(Rt::from));
                break;
            }
        }
    }
    Ok(out)
}
