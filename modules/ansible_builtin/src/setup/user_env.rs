//! The user, the environment, the time, the host's keys.

use rustible_sdk::prelude::*;

use super::{Args, Facts, text};

pub(super) fn user(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    let [uid, euid, gid, egid] = host.own_ids();
    if let Some(user) = host.user_by_id(uid) {
        facts.insert("user_id", user.name);
        facts.insert("user_uid", user.uid);
        facts.insert("user_gid", user.gid);
        facts.insert("user_gecos", user.gecos);
        facts.insert("user_dir", user.home);
        facts.insert("user_shell", user.shell);
    }
    facts.insert("real_user_id", uid);
    facts.insert("effective_user_id", euid);
    facts.insert("real_group_id", gid);
    facts.insert("effective_group_id", egid);
    Ok(())
}

pub(super) fn env(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    facts.insert("env", host.environment().into_iter().collect::<Dict>());
    Ok(())
}

pub(super) fn date_time(_: &Args, _: &mut Host, facts: &mut Facts) -> Result<()> {
    let now = jiff::Zoned::now();
    let utc = now.with_time_zone(jiff::tz::TimeZone::UTC);
    let local = |format: &str| now.strftime(format).to_string();
    let global = |format: &str| utc.strftime(format).to_string();
    facts.insert(
        "date_time",
        dict! {
            "year" => local("%Y"), "month" => local("%m"), "weekday" => local("%A"), "weekday_number" => local("%w"),
            "weeknumber" => local("%W"), "day" => local("%d"), "hour" => local("%H"), "minute" => local("%M"),
            "second" => local("%S"), "epoch" => local("%s"), "epoch_int" => local("%s"), "date" => local("%Y-%m-%d"),
            "time" => local("%H:%M:%S"), "iso8601_micro" => global("%Y-%m-%dT%H:%M:%S.%6fZ"),
            "iso8601" => global("%Y-%m-%dT%H:%M:%SZ"), "iso8601_basic" => local("%Y%m%dT%H%M%S%6f"),
            "iso8601_basic_short" => local("%Y%m%dT%H%M%S"), "tz" => local("%Z"), "tz_dst" => local("%Z"),
            "tz_offset" => local("%z"),
        },
    );
    Ok(())
}

pub(super) fn host_keys(_: &Args, host: &mut Host, facts: &mut Facts) -> Result<()> {
    for kind in ["dsa", "rsa", "ecdsa", "ed25519"] {
        let line = text(host, &format!("/etc/ssh/ssh_host_{kind}_key.pub"));
        let mut words = line.split_whitespace();
        if let (Some(kind_text), Some(key)) = (words.next(), words.next()) {
            facts.insert(format!("ssh_host_key_{kind}_public_keytype"), kind_text);
            facts.insert(format!("ssh_host_key_{kind}_public"), key);
        }
    }
    Ok(())
}
