//! The Proxmox double before clients that we did not write, and under faults.

use std::sync::Arc;
use std::time::Duration;

use crate::support::{Lab, clients, succeeded};
use rustible_lab::doubles::proxmox::{Conditions, Memory, Proxmox, Settings, TaskEnd, User};
use rustible_lab::doubles::web::{Fault, Kind};
use serde_json::{Value, json};

async fn lab(conditions: Conditions) -> Lab {
    // The folder outlives the test, for its files are looked at until the end.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder").keep();
    let mut settings = Settings::small(folder, "right");
    settings.users[0].tokens.push(("lab".to_owned(), "secret-value".to_owned()));
    settings.users.push(User {
        name: "reader@pve".to_owned(),
        password: "look".to_owned(),
        tokens: Vec::new(),
        privileges: Some(vec!["VM.Audit".to_owned(), "Sys.Audit".to_owned()]),
    });
    settings.task_time = Duration::from_millis(100);
    let double = Proxmox::new(Arc::new(Memory::default()), settings).expect("a double");
    double.set_conditions(conditions);
    Lab::start(double).await
}

fn client(lab: &Lab) -> reqwest::Client {
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    let ca = reqwest::Certificate::from_pem(lab.authority.pem().as_bytes()).expect("the authority");
    reqwest::Client::builder().tls_certs_only([ca]).no_proxy().build().expect("a client")
}

fn url(lab: &Lab, path: &str) -> String {
    format!("https://127.0.0.1:{}/api2/json{path}", lab.port())
}

/// A call with the token of root; status, and body if it is JSON.
async fn call(
    lab: &Lab,
    method: &str,
    path: &str,
    form: &[(&str, &str)],
) -> Result<(u16, Value), reqwest::Error> {
    let method = method.parse().expect("a method");
    let request = client(lab)
        .request(method, url(lab, path))
        .header("authorization", "PVEAPIToken=root@pam!lab=secret-value");
    let body = form.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
    let response = request.send().await?;
    let status = response.status().as_u16();
    let text = response.text().await?;
    Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
}

async fn ended(lab: &Lab, upid: &Value) -> String {
    let upid = upid["data"].as_str().expect("a task").to_owned();
    for _ in 0..100 {
        let (_, state) =
            call(lab, "GET", &format!("/nodes/pve/tasks/{upid}/status"), &[]).await.expect("an answer");
        if let Some(exit) = state["data"]["exitstatus"].as_str() {
            return exit.to_owned();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the task never ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn proxmoxer_sees_a_data_centre() {
    let Some(bin) = clients("proxmoxer_sees_a_data_centre") else { return };
    let lab = lab(Conditions::default()).await;
    succeeded(&lab.run(&bin.join("python"), &["proxmoxer_client.py"]).await);
    let record = lab.record.entries();
    let ticket = record.iter().find(|entry| entry.path == "/api2/json/access/ticket").expect("a log-in");
    assert_eq!(ticket.param("password"), Some("********"));
    assert!(record.iter().all(|entry| entry.secrets_in_url.is_empty()));
    assert!(record.iter().filter(|entry| entry.status == 501).count() == 0, "something was not imitated");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_modules_of_community_proxmox_work_and_their_second_run_creates_nothing() {
    let Some(bin) = clients("the_modules_of_community_proxmox_work_and_their_second_run_creates_nothing")
    else {
        return;
    };
    let lab = lab(Conditions::default()).await;
    let python = format!("ansible_python_interpreter={}", bin.join("python").display());
    let arguments = ["-i", "localhost,", "-c", "local", "-e", &python, "proxmox.yml"];
    succeeded(&lab.run(&bin.join("ansible-playbook"), &arguments).await);
    let creations = |lab: &Lab| {
        let is_creation =
            |path: &str| path.ends_with("/qemu") || path.ends_with("/upload") || path.ends_with("/clone");
        lab.record.writes().iter().filter(|entry| is_creation(&entry.path)).count()
    };
    let first = creations(&lab);
    assert!(first >= 3, "{first}");
    let arguments = ["-i", "localhost,", "-c", "local", "-e", &python, "-e", "again=true", "proxmox.yml"];
    succeeded(&lab.run(&bin.join("ansible-playbook"), &arguments).await);
    assert_eq!(creations(&lab), first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_reply_leaves_the_machine_made() {
    let lab = lab(Conditions::default()).await;
    let fault =
        json!({"method": "POST", "path": "/api2/json/nodes/pve/qemu", "count": 1, "kind": "lost_reply"});
    lab.faults.add(serde_json::from_value::<Fault>(fault).expect("a fault"));
    assert!(call(&lab, "POST", "/nodes/pve/qemu", &[("vmid", "100")]).await.is_err());
    let (status, body) = call(&lab, "POST", "/nodes/pve/qemu", &[("vmid", "100")]).await.expect("an answer");
    assert_eq!(status, 500);
    assert!(body["message"].as_str().is_some_and(|text| text.contains("VM 100 already exists")), "{body}");
    let lost = lab.record.entries().into_iter().find(|entry| entry.status == 0).expect("the lost one");
    assert_eq!(lost.fault.as_deref(), Some("lost_reply"));
}

#[tokio::test(flavor = "multi_thread")]
async fn statuses_garbage_resets_and_cut_answers_come_when_asked() {
    let lab = lab(Conditions::default()).await;
    let version = "/api2/json/version".to_owned();
    let fault = |kind| Fault { method: None, path: version.clone(), skip: 0, count: Some(1), kind };
    let headers = vec![("retry-after".to_owned(), "1".to_owned())];
    lab.faults.add(fault(Kind::Status {
        status: 596,
        reason: Some("Broken pipe".to_owned()),
        body: None,
        headers,
    }));
    lab.faults.add(fault(Kind::Garbage));
    lab.faults.add(fault(Kind::Reset));
    lab.faults.add(fault(Kind::CutReply { bytes: 10 }));
    assert_eq!(call(&lab, "GET", "/version", &[]).await.expect("an answer"), (596, json!({"data": null})));
    let (status, body) = call(&lab, "GET", "/version", &[]).await.expect("an answer");
    assert!(status == 200 && body.is_string(), "{body}");
    assert!(call(&lab, "GET", "/version", &[]).await.is_err());
    assert!(call(&lab, "GET", "/version", &[]).await.is_err());
    assert_eq!(call(&lab, "GET", "/version", &[]).await.expect("an answer").0, 200);
    assert!(lab.faults.list().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_is_locked_while_its_task_runs_and_a_failed_task_leaves_nothing() {
    let failing = TaskEnd { kind: "qmcreate".to_owned(), exit: "no luck".to_owned(), count: 1 };
    let lab = lab(Conditions { tasks: vec![failing], ..Conditions::default() }).await;
    let (_, task) = call(&lab, "POST", "/nodes/pve/qemu", &[("vmid", "100")]).await.expect("an answer");
    let (status, body) =
        call(&lab, "PUT", "/nodes/pve/qemu/100/config", &[("cores", "2")]).await.expect("an answer");
    assert_eq!((status, body["message"].as_str()), (500, Some("VM is locked (create)\n")));
    assert_eq!(ended(&lab, &task).await, "no luck");
    assert_eq!(call(&lab, "GET", "/nodes/pve/qemu/100/config", &[]).await.expect("an answer").0, 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_storage_a_silent_agent_and_a_repeated_id_can_be_asked_for() {
    let conditions = Conditions {
        full: vec!["local-lvm".to_owned()],
        repeated_ids: 1,
        silent_agent: 1,
        ..Conditions::default()
    };
    let lab = lab(conditions).await;
    let (_, first) = call(&lab, "GET", "/cluster/nextid", &[]).await.expect("an answer");
    let (_, task) = call(&lab, "POST", "/nodes/pve/qemu", &[("vmid", "100"), ("agent", "1"), ("start", "1")])
        .await
        .expect("one");
    let (_, second) = call(&lab, "GET", "/cluster/nextid", &[]).await.expect("an answer");
    let (_, third) = call(&lab, "GET", "/cluster/nextid", &[]).await.expect("an answer");
    assert_eq!(
        (&first["data"], &second["data"], &third["data"]),
        (&json!("100"), &json!("100"), &json!("101"))
    );
    assert_eq!(ended(&lab, &task).await, "OK");
    let agent = "/nodes/pve/qemu/100/agent/network-get-interfaces";
    let (status, body) = call(&lab, "GET", agent, &[]).await.expect("an answer");
    assert_eq!((status, body["message"].as_str()), (500, Some("QEMU guest agent is not running\n")));
    assert_eq!(call(&lab, "GET", agent, &[]).await.expect("an answer").0, 200);
    let (_, task) = call(&lab, "POST", "/nodes/pve/qemu", &[("vmid", "101"), ("scsi0", "local-lvm:1")])
        .await
        .expect("one");
    let exit = ended(&lab, &task).await;
    assert!(exit.contains("no space left on device"), "{exit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_cut_leaves_nothing_and_the_next_one_arrives() {
    let lab = lab(Conditions::default()).await;
    let fault =
        json!({"method": "POST", "path": "*/upload", "count": 1, "kind": "cut_body", "bytes": 100_000});
    lab.faults.add(serde_json::from_value::<Fault>(fault).expect("a fault"));
    let send = async || {
        let file = reqwest::multipart::Part::bytes(vec![7; 3 << 20]).file_name("big.iso");
        let form = reqwest::multipart::Form::new().text("content", "iso").part("filename", file);
        let request = client(&lab).post(url(&lab, "/nodes/pve/storage/local/upload")).multipart(form);
        request.header("authorization", "PVEAPIToken=root@pam!lab=secret-value").send().await
    };
    let content = async || {
        let (_, list) = call(&lab, "GET", "/nodes/pve/storage/local/content", &[]).await.expect("an answer");
        list["data"].as_array().expect("a list").clone()
    };
    assert!(send().await.is_err());
    assert!(content().await.is_empty());
    let answer = send().await.expect("an answer").bytes().await.expect("a body");
    assert_eq!(ended(&lab, &serde_json::from_slice(&answer).expect("JSON")).await, "OK");
    assert_eq!(content().await[0]["size"], json!(3 << 20));
    assert!(lab.record.writes().iter().all(|entry| entry.path.ends_with("/upload")));
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_outlive_the_process_of_the_double() {
    let folder = tempfile::tempdir().expect("a folder");
    let again = async || {
        let mut settings = Settings::small(folder.path().join("files"), "right");
        settings.users[0].tokens.push(("lab".to_owned(), "secret-value".to_owned()));
        settings.state_file = Some(folder.path().join("machines.json"));
        Lab::start(Proxmox::new(Arc::new(Memory::default()), settings).expect("a double")).await
    };
    let lab = again().await;
    let asked = [("vmid", "100"), ("name", "kept"), ("scsi0", "local-lvm:5")];
    let (_, task) = call(&lab, "POST", "/nodes/pve/qemu", &asked).await.expect("an answer");
    assert_eq!(ended(&lab, &task).await, "OK");
    let config = call(&lab, "GET", "/nodes/pve/qemu/100/config", &[]).await.expect("an answer");
    drop(lab);
    let lab = again().await;
    assert_eq!(call(&lab, "GET", "/nodes/pve/qemu/100/config", &[]).await.expect("an answer"), config);
    let (_, volumes) =
        call(&lab, "GET", "/nodes/pve/storage/local-lvm/content", &[]).await.expect("an answer");
    assert_eq!(volumes["data"][0]["volid"], "local-lvm:vm-100-disk-0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_without_csrf_token_is_refused() {
    let lab = lab(Conditions::default()).await;
    let login = client(&lab)
        .post(url(&lab, "/access/ticket"))
        .header("content-type", "application/x-www-form-urlencoded");
    let answer = login.body("username=root@pam&password=right").send().await.expect("an answer");
    let ticket: Value = serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON");
    let cookie = format!("PVEAuthCookie={}", ticket["data"]["ticket"].as_str().expect("a ticket"));
    let read =
        client(&lab).get(url(&lab, "/nodes")).header("cookie", &cookie).send().await.expect("an answer");
    assert_eq!(read.status(), 200);
    let write = client(&lab).post(url(&lab, "/nodes/pve/qemu")).header("cookie", &cookie).body("vmid=100");
    assert_eq!(write.send().await.expect("an answer").status(), 401);
}
