//! The GitLab double before clients that we did not write.

use crate::support::{Lab, clients, succeeded};
use rustible_lab::doubles::gitlab::{GitLab, Project, Role, Scope, Settings, Token, TokenKind, User};

const BLOB: &str = "hz2GK/XCUj4i6Q5yQJNL1MKMZlzDSRGD4vGHqfKXo";

fn double(keys: usize) -> GitLab {
    let token = |secret: &str, kind, scope| Token { secret: secret.to_owned(), kind, scopes: vec![scope] };
    let deployer = User {
        name: "deployer".to_owned(),
        password: "correct horse".to_owned(),
        tokens: vec![
            token("glpat-full", TokenKind::Personal, Scope::Api),
            token("glpat-read", TokenKind::Personal, Scope::ReadApi),
            token("glpat-repo", TokenKind::Personal, Scope::ReadRepository),
            token("oauth-full", TokenKind::OAuth, Scope::Api),
        ],
    };
    let guest = User {
        name: "guest".to_owned(),
        password: "x".to_owned(),
        tokens: vec![token("oauth-guest", TokenKind::OAuth, Scope::Api)],
    };
    let member = |name: &str, role| (name.to_owned(), role);
    let project = |id, path: &str, members| Project { id, path: path.to_owned(), members, keys: Vec::new() };
    let both = vec![member("deployer", Role::Maintainer), member("guest", Role::Reporter)];
    let double = GitLab::new(Settings {
        state_file: None,
        users: vec![deployer, guest],
        projects: vec![
            project(7, "home/lab/apps.yaml", both),
            project(8, "home/second", vec![member("deployer", Role::Maintainer)]),
        ],
    })
    .expect("a double");
    for number in 0..keys {
        let letter = |place: u32| {
            char::from(b'A' + u8::try_from(number / 16_usize.pow(place) % 16).expect("a letter"))
        };
        let key = format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{}{}{BLOB}", letter(0), letter(1));
        double.put_deploy_key("home/lab/apps.yaml", &format!("key {number}"), &key, false);
    }
    double
}

#[tokio::test(flavor = "multi_thread")]
async fn python_gitlab_walks_pages_and_changes_keys() {
    let Some(bin) = clients("python_gitlab_walks_pages_and_changes_keys") else { return };
    let lab = Lab::start(double(250)).await;
    succeeded(&lab.run(&bin.join("python"), &["gitlab_client.py"]).await);
    assert!(lab.record.entries().iter().all(|entry| entry.secrets_in_url.is_empty()));
    assert!(lab.record.entries().iter().any(|entry| entry.path.contains("home/lab/apps.yaml")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_module_of_community_general_makes_keeps_and_removes_a_key() {
    let Some(bin) = clients("the_module_of_community_general_makes_keeps_and_removes_a_key") else { return };
    let lab = Lab::start(double(0)).await;
    let python = format!("ansible_python_interpreter={}", bin.join("python").display());
    let arguments = ["-i", "localhost,", "-c", "local", "-e", &python, "gitlab.yml"];
    succeeded(&lab.run(&bin.join("ansible-playbook"), &arguments).await);
    let count = |method: &str, status: u16| {
        let fits = |entry: &&rustible_lab::doubles::web::Entry| {
            entry.method == method && entry.path.contains("deploy_keys") && entry.status == status
        };
        lab.record.entries().iter().filter(fits).count()
    };
    assert_eq!((count("POST", 201), count("PUT", 200), count("DELETE", 204)), (1, 1, 1));
}
