//! `ansible.builtin.async_status`: the state of a background job.

use rustible_sdk::{json, prelude::*};

/// Obtain status of asynchronous task.
#[derive(Args)]
#[args(check = full)]
pub(crate) struct Args {
    /// The job's id (`ansible_job_id`).
    jid: String,
    /// Look at the job, or remove what is known of it.
    #[arg(default = "status")]
    mode: Mode,
    /// Folder of the jobs' states.
    #[arg(name = "_async_dir", default = "~/.ansible_async")]
    dir: PathBuf,
}

#[derive(Choice, Clone, Copy, PartialEq)]
pub(crate) enum Mode {
    Cleanup,
    Status,
}

pub(crate) fn run(args: Args, host: &mut Host) -> Result<Outcome> {
    let jid = args.jid.as_str();
    let file = args.dir.join(jid);
    let path = file.to_string_lossy().into_owned();
    let missing = || {
        let place = if args.mode == Mode::Cleanup { "erased" } else { "results_file" };
        Failure::new("could not find job")
            .with(place, path.as_str())
            .with("ansible_job_id", jid)
            .with("started", true)
            .with("finished", true)
    };
    // An id is a name; one that leads elsewhere is no job.
    if jid.contains('/') || !host.exists(&file)? {
        return Err(missing());
    }
    if args.mode == Mode::Cleanup {
        host.remove(&file)?;
        return Ok(Outcome::new().changed(false).with("ansible_job_id", jid).with("erased", path));
    }
    let text = host.read_text(&file)?.unwrap_or_default();
    let Ok(Value::Dict(mut data)) = json::read(&text) else {
        let running = Outcome::new().with("results_file", path).with("ansible_job_id", jid);
        return Ok(running.with("started", true).with("finished", false));
    };
    if !data.contains_key("started") {
        data.insert("finished", true);
        data.insert("ansible_job_id", jid);
    } else if !data.contains_key("finished") {
        data.insert("finished", false);
    }
    data.insert("results_file", path);
    Ok(Outcome(data))
}
