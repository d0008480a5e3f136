//! The small internet: names, certificates, archives that apt accepts, images, and an ISO that can be remastered.

#![expect(clippy::expect_used, clippy::print_stderr, reason = "this whole program is tests")]

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, OnceLock};

use rustible_lab::build;
use rustible_lab::cache::Cache;
use rustible_lab::doubles::proxmox::Memory;
use rustible_lab::doubles::web::{Files, Record, Site, serve};
use rustible_lab::internet::content::{Content, Versions, iso};
use rustible_lab::internet::mirror::Mirror;
use rustible_lab::internet::outside::{Outside, Plan};
use rustible_lab::internet::registry::{Registry, Store, digest};
use rustible_lab::internet::{Authority, CHECKER, Config, Flaw, Internet};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Whether all programs are installed; says by name what is skipped when not.
fn have(test: &str, programs: &[&str]) -> bool {
    let missing: Vec<&str> = programs
        .iter()
        .copied()
        .filter(|program| {
            !Command::new("which").arg(program).output().is_ok_and(|found| found.status.success())
        })
        .collect();
    if !missing.is_empty() {
        eprintln!("SKIPPED {test}: {} is not installed", missing.join(", "));
    }
    missing.is_empty()
}

/// A lab folder with all content, made once for all tests, out of small programs that only give their name.
fn made() -> &'static Path {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    MADE.get_or_init(|| {
        let state = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("lab-content");
        let binaries = state.join("binaries");
        fs::create_dir_all(&binaries).expect("a folder");
        for name in ["kubeadm", "kubelet", "kubectl", "crio", "pinns", "helm"] {
            let program = binaries.join(name);
            fs::write(&program, format!("#!/bin/sh\necho {name}\n")).expect("a program");
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a mode");
        }
        let content = Content { state: state.clone(), binaries, versions: Versions::default() };
        content.write().expect("content");
        state
    })
}

fn run(command: &mut Command) -> Output {
    let output = command.output().expect("a program");
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{command:?}\n{said}");
    output
}

async fn internet(state: &Path, sites: Vec<(String, Arc<dyn Site>)>) -> Internet {
    let names = BTreeMap::from([("k8s-node-1".to_owned(), IpAddr::from([10, 9, 8, 7]))]);
    let state = state.to_path_buf();
    let config = Config { address: LOOPBACK, https_port: 0, http_port: 0, dns_port: 0, state, names, sites };
    Internet::start(config).await.expect("an internet")
}

fn client(internet: &Internet) -> reqwest::ClientBuilder {
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    let ca = reqwest::Certificate::from_pem(internet.authority.pem().as_bytes()).expect("the authority");
    reqwest::Client::builder().tls_certs_only([ca]).no_proxy()
}

/// Asks for a URL of a public name at this internet.
async fn get(internet: &Internet, host: &str, path: &str) -> (u16, reqwest::header::HeaderMap, Vec<u8>) {
    let client = client(internet).resolve(host, internet.https());
    let url = format!("https://{host}:{}{path}", internet.https().port());
    let response = client.build().expect("a client").get(url).send().await.expect("an answer");
    (response.status().as_u16(), response.headers().clone(), response.bytes().await.expect("a body").to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn public_names_have_downloads_for_every_version_and_other_names_do_not_exist() {
    let programs = ["dpkg-deb", "gpg", "xorriso"];
    if !have("public_names_have_downloads_for_every_version_and_other_names_do_not_exist", &programs) {
        return;
    }
    let internet = internet(made(), Vec::new()).await;
    let (status, _, stable) =
        get(&internet, "raw.githubusercontent.com", "/cilium/cilium-cli/main/stable.txt").await;
    assert_eq!(status, 200);
    let tag = String::from_utf8(stable).expect("text");
    let path = format!("/cilium/cilium-cli/releases/download/{}/cilium-linux-amd64.tar.gz", tag.trim());
    let (status, _, archive) = get(&internet, "github.com", &path).await;
    assert_eq!(status, 200);
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(archive.as_slice()));
    let names: Vec<PathBuf> = archive
        .entries()
        .expect("an archive")
        .map(|entry| entry.expect("an entry").path().expect("a path").into_owned())
        .collect();
    assert_eq!(names, [PathBuf::from("cilium")]);
    for (host, path) in [
        ("github.com", "/kubernetes-sigs/gateway-api/releases/download/v1.3.0/standard-install.yaml"),
        ("raw.githubusercontent.com", "/argoproj/argo-cd/v3.1.0/manifests/install.yaml"),
        ("releases.ubuntu.com", "/24.04.3/ubuntu-24.04.3-live-server-amd64.iso"),
        ("dl.k8s.io", "/release/stable-1.txt"),
        ("helm.cilium.io", "/index.yaml"),
        ("helm.cilium.io", "/cilium-1.18.1.tgz"),
        ("ceph.github.io", "/csi-charts/index.yaml"),
        ("pkgs.k8s.io", "/core:/stable:/v1.34/deb/Release.key"),
        ("download.opensuse.org", "/repositories/isv:/cri-o:/stable:/v1.34/deb/Release.key"),
        ("packages.buildkite.com", "/helm-linux/helm-debian/gpgkey"),
        ("nvidia.github.io", "/libnvidia-container/gpgkey"),
    ] {
        let (status, _, body) = get(&internet, host, path).await;
        assert!(status == 200 && !body.is_empty(), "https://{host}{path}: {status}");
    }
    assert_eq!(get(&internet, "github.com", "/somebody/else").await.0, 404);
    let url = format!("https://dl.k8s.io:{}/release/stable-1.txt", internet.https().port());
    let later = client(&internet).resolve("dl.k8s.io", internet.https()).build().expect("a client").get(url);
    let later =
        later.header("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT").send().await.expect("an answer");
    assert_eq!(later.status(), 304);
    assert!(internet.record.entries().iter().any(|entry| entry.host == "github.com" && entry.status == 404));

    assert_eq!(resolve(internet.dns(), "pkgs.k8s.io"), Some(Some(Ipv4Addr::LOCALHOST)));
    assert_eq!(resolve(internet.dns(), "K8S-node-1"), Some(Some(Ipv4Addr::new(10, 9, 8, 7))));
    assert_eq!(resolve(internet.dns(), "example.com"), None);
}

/// An A question: no answer at all is a failure, `None` is "no such name".
fn resolve(server: SocketAddr, name: &str) -> Option<Option<Ipv4Addr>> {
    let socket = UdpSocket::bind((LOOPBACK, 0)).expect("a socket");
    socket.set_read_timeout(Some(std::time::Duration::from_secs(5))).expect("a time-out");
    let mut question = vec![0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        question.push(u8::try_from(label.len()).expect("a label"));
        question.extend(label.as_bytes());
    }
    question.extend([0, 0, 1, 0, 1]);
    socket.send_to(&question, server).expect("a question");
    let mut reply = [0; 512];
    let (length, _) = socket.recv_from(&mut reply).expect("a reply");
    let octets: [u8; 4] = reply[length - 4..length].try_into().expect("four octets");
    (reply[3] & 15 == 0).then(|| (reply[7] > 0).then(|| Ipv4Addr::from(octets)))
}

/// apt with a world of its own below `root`, which trusts the authority.
fn apt(root: &Path, ca: &Path, source: &str, arguments: &[&str]) -> Output {
    for folder in [
        "state/lists/partial",
        "cache/archives/partial",
        "etc/preferences.d",
        "etc/trusted.gpg.d",
        "etc/apt.conf.d",
    ] {
        fs::create_dir_all(root.join(folder)).expect("a folder");
    }
    fs::write(root.join("state/status"), "").expect("a file");
    fs::write(root.join("sources.list"), source).expect("a file");
    let mut command = Command::new("apt-get");
    let place = |name: &str, path: &str| format!("{name}={}", root.join(path).display());
    for option in [
        place("Dir::State", "state"),
        place("Dir::State::status", "state/status"),
        place("Dir::Cache", "cache"),
        place("Dir::Etc", "etc"),
        place("Dir::Etc::sourcelist", "sources.list"),
        "Dir::Etc::sourceparts=-".to_owned(),
        format!("Acquire::https::CAInfo={}", ca.display()),
        "Acquire::https::Proxy=false".to_owned(),
        "APT::Architecture=amd64".to_owned(),
        "APT::Architectures::=amd64".to_owned(),
        "APT::Sandbox::User=root".to_owned(),
    ] {
        command.arg("-o").arg(option);
    }
    run(command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .args(arguments)
        .current_dir(root))
}

#[tokio::test(flavor = "multi_thread")]
async fn apt_trusts_the_archives_by_their_keys_and_finds_the_packages() {
    let programs = ["dpkg-deb", "gpg", "xorriso", "apt-get"];
    if !have("apt_trusts_the_archives_by_their_keys_and_finds_the_packages", &programs) {
        return;
    }
    let state = made();
    for (host, archive, key, package) in [
        ("pkgs.k8s.io", "core:/stable:/v1.34/deb/ /", "core:/stable:/v1.34/deb/Release.key", "kubeadm"),
        (
            "packages.buildkite.com",
            "helm-linux/helm-debian/any/ any main",
            "helm-linux/helm-debian/gpgkey",
            "helm",
        ),
        (
            "download.opensuse.org",
            "repositories/isv:/cri-o:/stable:/v1.34/deb/ /",
            "repositories/isv:/cri-o:/stable:/v1.34/deb/Release.key",
            "cri-o",
        ),
        (
            "nvidia.github.io",
            "libnvidia-container/stable/deb/amd64/ /",
            "libnvidia-container/gpgkey",
            "nvidia-container-toolkit",
        ),
        ("packages.lab.test", "/ /", "Release.key", "nvidia-driver-570-server"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let authority = Arc::new(Authority::in_folder(folder.path()).expect("an authority"));
        let listener = TcpListener::bind((LOOPBACK, 0)).await.expect("a port");
        let www = state.join("www").join(host);
        let tls = authority.server(LOOPBACK).expect("a certificate");
        let served = serve(listener, Some(tls), Arc::new(Files::new(&www))).expect("a listener");
        let port = served.address().port();
        let source = format!(
            "deb [signed-by={}] https://127.0.0.1:{port}/{archive}\n",
            armoured(&www.join(key), folder.path())
        );
        let (root, package) = (folder.path().to_path_buf(), package.to_owned());
        tokio::task::spawn_blocking(move || {
            apt(&root, &root.join("ca.pem"), &source, &["update", "-o", "APT::Update::Error-Mode=any"]);
            apt(&root, &root.join("ca.pem"), &source, &["download", &package]);
            let found = fs::read_dir(&root).expect("a folder").filter_map(Result::ok);
            let deb =
                found.map(|entry| entry.path()).find(|path| path.extension().is_some_and(|end| end == "deb"));
            let said =
                run(Command::new("dpkg-deb").arg("--field").arg(deb.expect("a package")).arg("Description"));
            assert!(String::from_utf8_lossy(&said.stdout).contains("rustible lab"));
        })
        .await
        .expect("apt is content");
    }
}

/// The key under a name that apt takes for an armoured key.
fn armoured(key: &Path, folder: &Path) -> String {
    let target = folder.join("key.asc");
    fs::copy(key, &target).expect("a key");
    target.display().to_string()
}

#[test]
fn an_iso_that_was_remastered_as_the_role_does_installs_by_itself_and_keeps_its_boot_records() {
    let test = "an_iso_that_was_remastered_as_the_role_does_installs_by_itself_and_keeps_its_boot_records";
    if !have(test, &["xorriso"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (original, changed) = (folder.path().join("ubuntu.iso"), folder.path().join("unattended.iso"));
    iso::build(&original).expect("an ISO");
    assert!(!iso::installs_by_itself(&original).expect("a menu"));
    let menu = folder.path().join("tree/boot/grub/grub.cfg");
    fs::create_dir_all(menu.parent().expect("a folder")).expect("a folder");
    run(Command::new("xorriso")
        .args(["-osirrox", "on", "-indev"])
        .arg(&original)
        .args(["-extract", "/boot/grub/grub.cfg"])
        .arg(&menu));
    let text = fs::read_to_string(&menu).expect("a menu");
    let text = text.replace("timeout=30", "timeout=1").replacen("vmlinuz  ---", "vmlinuz autoinstall ---", 1);
    let mut permissions = fs::metadata(&menu).expect("a file").permissions();
    permissions.set_mode(0o644);
    fs::set_permissions(&menu, permissions).expect("a mode");
    fs::write(&menu, text).expect("a menu");
    let mut remaster = Command::new("xorriso");
    remaster.arg("-indev").arg(&original).arg("-outdev").arg(&changed).args([
        "-boot_image",
        "any",
        "replay",
        "-map",
    ]);
    run(remaster.arg(folder.path().join("tree")).arg("/"));
    assert!(iso::installs_by_itself(&changed).expect("a menu"));
    assert!(
        iso::read(&changed, "/md5sum.txt").expect("checksums").ends_with(b"  ./boot/memtest86+x64.bin\n")
    );
    assert!(iso::read(&changed, "/no/such/file").is_err());
    let report =
        run(Command::new("xorriso").arg("-indev").arg(&changed).args(["-report_el_torito", "plain"]));
    let report = String::from_utf8_lossy(&report.stdout).into_owned();
    assert!(report.contains("BIOS  y") && report.contains("UEFI  y"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_client_accepts_a_flawed_certificate() {
    let folder = tempfile::tempdir().expect("a folder");
    let internet = internet(folder.path(), Vec::new()).await;
    for (flaw, words) in
        [(Flaw::Expired, "xpired"), (Flaw::OtherName, "NotValidForName"), (Flaw::SelfSigned, "UnknownIssuer")]
    {
        let listener = TcpListener::bind((LOOPBACK, 0)).await.expect("a port");
        let tls = internet.authority.flawed_server(LOOPBACK, flaw).expect("a certificate");
        let served = serve(listener, Some(tls), Arc::new(Files::new(folder.path()))).expect("a listener");
        let request =
            client(&internet).build().expect("a client").get(format!("https://{}/ca.pem", served.address()));
        let refusal = format!("{:?}", request.send().await.expect_err("the certificate was accepted"));
        assert!(refusal.contains(words) || refusal.contains("not valid for name"), "{flaw:?}: {refusal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registry_gives_an_image_by_tag_and_digest_and_one_under_every_other_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&folder.path().join("registry")).expect("a store");
    let own = store.image(b"layer", &json!({"Entrypoint": ["/pause"]})).expect("an image");
    let any = store.image(b"any layer", &json!({"Entrypoint": ["/any"]})).expect("an image");
    store.name("registry.k8s.io/pause:3.10.1", &own).expect("a name");
    store.any(&any).expect("a default");
    let registry: Arc<dyn Site> = Arc::new(Registry::new(&folder.path().join("registry")));
    let hosts = ["registry.k8s.io", "quay.io"].map(|host| (host.to_owned(), registry.clone()));
    let internet = internet(folder.path(), hosts.to_vec()).await;
    assert_eq!(get(&internet, "registry.k8s.io", "/v2/").await.0, 200);
    let (status, headers, manifest) = get(&internet, "registry.k8s.io", "/v2/pause/manifests/3.10.1").await;
    assert_eq!((status, headers["docker-content-digest"].to_str().ok()), (200, Some(own.as_str())));
    assert_eq!(headers["content-type"], "application/vnd.oci.image.manifest.v1+json");
    assert_eq!(digest(&manifest), own);
    assert_eq!(get(&internet, "registry.k8s.io", &format!("/v2/pause/manifests/{own}")).await.2, manifest);
    let manifest: Value = serde_json::from_slice(&manifest).expect("a manifest");
    let layer = manifest["layers"][0]["digest"].as_str().expect("a layer");
    assert_eq!(get(&internet, "registry.k8s.io", &format!("/v2/pause/blobs/{layer}")).await.2, b"layer");
    let (_, headers, _) = get(&internet, "quay.io", "/v2/argoproj/argocd/manifests/v3.1.0").await;
    assert_eq!(headers["docker-content-digest"], any);
    assert_eq!(get(&internet, "quay.io", "/v2/x/blobs/sha256:00").await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mirror_fetches_a_package_once_and_keeps_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let upstream = folder.path().join("upstream/pool");
    fs::create_dir_all(&upstream).expect("a folder");
    fs::write(upstream.join("a.deb"), "a package").expect("a file");
    let listener = TcpListener::bind((LOOPBACK, 0)).await.expect("a port");
    let archive =
        serve(listener, None, Arc::new(Files::new(&folder.path().join("upstream")))).expect("a listener");
    let archives = BTreeMap::from([("debian".to_owned(), format!("http://{}", archive.address()))]);
    let mirror: Arc<dyn Site> =
        Arc::new(Mirror::new(archives, &folder.path().join("cache"), None).expect("a mirror"));
    let internet = internet(folder.path(), vec![("mirror.lab.test".to_owned(), mirror)]).await;
    let package = "/debian/pool/a.deb";
    assert_eq!(get(&internet, "mirror.lab.test", package).await.2, b"a package");
    drop(archive);
    assert_eq!(get(&internet, "mirror.lab.test", package).await.2, b"a package");
    assert_eq!(get(&internet, "mirror.lab.test", "/debian/pool/b.deb").await.0, 502);
    assert_eq!(get(&internet, "mirror.lab.test", "/other/pool/a.deb").await.0, 404);
    assert_eq!(get(&internet, "mirror.lab.test", "/debian/../../ca.key").await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_outside_starts_and_proxmox_fetches_an_image_from_its_internet() {
    let test = "the_whole_outside_starts_and_proxmox_fetches_an_image_from_its_internet";
    if !have(test, &["dpkg-deb", "gpg", "xorriso", "apt-get"]) {
        return;
    }
    let state = tempfile::tempdir().expect("a folder");
    let plan = Plan {
        address: LOOPBACK,
        ports: [0; 4],
        state: state.path().to_path_buf(),
        cache: state.path().join("cache"),
        binaries: made().join("binaries"),
        images: state.path().join("images"),
        versions: Versions::default(),
        names: BTreeMap::new(),
        proxmox_password: "a secret".to_owned(),
        bridge: "vmbr0".to_owned(),
        gitlab: ("git.example.org".to_owned(), "home/lab".to_owned(), "glpat-x".to_owned()),
    };
    let outside = Outside::start(plan, Arc::new(Memory::default())).await.expect("the outside");
    assert_eq!(get(&outside.internet, "git.example.org", "/api/v4/user").await.0, 401);
    assert_eq!(outside.gitlab.record.entries().len(), 1);
    assert_eq!(
        Record::read_file(&state.path().join("gitlab-record.jsonl")).expect("a record"),
        outside.gitlab.record.entries()
    );
    let (_, _, seen) = get(&outside.internet, "git.example.org", "/.lab/record").await;
    assert!(String::from_utf8_lossy(&seen).contains("/api/v4/user"));
    let (_, _, seen) = get(&outside.internet, CHECKER, "/.lab/faults").await;
    assert_eq!(seen, b"[]");
    assert_eq!(resolve(outside.internet.dns(), "proxmox.lab.test"), Some(Some(Ipv4Addr::LOCALHOST)));
    let client = client(&outside.internet).build().expect("a client");
    let api = format!("https://{}/api2/json", outside.proxmox_address());
    let form =
        |text: &str| (reqwest::header::CONTENT_TYPE, "application/x-www-form-urlencoded", text.to_owned());
    let (kind, media_type, body) = form("username=root@pam&password=a%20secret");
    let login = client
        .post(format!("{api}/access/ticket"))
        .header(kind, media_type)
        .body(body)
        .send()
        .await
        .expect("an answer");
    let ticket: Value = serde_json::from_slice(&login.bytes().await.expect("a body")).expect("JSON");
    let ticket = &ticket["data"];
    let cookie = format!("PVEAuthCookie={}", ticket["ticket"].as_str().expect("a ticket"));
    let port = outside.internet.https().port();
    let iso = format!("https://releases.ubuntu.com:{port}/24.04.3/ubuntu-24.04.3-live-server-amd64.iso");
    let (kind, media_type, body) = form(&format!("content=iso&filename=u.iso&url={iso}"));
    let request = client
        .post(format!("{api}/nodes/pve/storage/local/download-url"))
        .header(kind, media_type)
        .body(body);
    let request = request
        .header("cookie", &cookie)
        .header("csrfpreventiontoken", ticket["CSRFPreventionToken"].as_str().expect("one"));
    assert_eq!(request.send().await.expect("an answer").status(), 200);
    for _ in 0..100 {
        let list = client
            .get(format!("{api}/nodes/pve/storage/local/content"))
            .header("cookie", &cookie)
            .send()
            .await
            .expect("one");
        let list: Value = serde_json::from_slice(&list.bytes().await.expect("a body")).expect("JSON");
        if list["data"][0]["volid"] == "local:iso/u.iso" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the image never came: {:?}", outside.internet.record.entries());
}

#[test]
fn helm_renders_the_charts_with_the_values_of_the_roles() {
    let name = "helm_renders_the_charts_with_the_values_of_the_roles";
    if !have(name, &["dpkg-deb", "gpg", "xorriso"]) {
        return;
    }
    // The lab's own; without one and without a Go that can build it there is nothing to render with.
    let Ok(helm) = Cache::of_user().and_then(|cache| build::helm(&cache)) else {
        assert!(build::toolchain().is_err(), "Go is here, so helm can be built");
        return eprintln!("SKIPPED {name}: no Go that can build helm");
    };
    let www = made().join("www");
    let rendered = |chart: &str, settings: &[&str]| {
        let mut command = Command::new(&helm);
        command.args([
            "template",
            "it",
            "--namespace",
            "kube-system",
            "--include-crds",
            "--kube-version",
            "1.34.4",
        ]);
        for setting in settings {
            command.args(["--set", setting]);
        }
        let output = run(command.arg(www.join(chart)));
        String::from_utf8(output.stdout).expect("text")
    };
    let common = [
        "kubeProxyReplacement=true",
        "k8sServiceHost=192.0.2.1",
        "operator.replicas=1",
        "hubble.relay.enabled=true",
    ];
    let ingress = rendered(
        "helm.cilium.io/cilium-1.18.1.tgz",
        &[
            &common[..],
            &[
                "ingressController.enabled=true",
                "ingressController.default=true",
                "ingressController.loadbalancerMode=shared",
            ],
        ]
        .concat(),
    );
    assert!(ingress.contains("kind: IngressClass") && !ingress.contains("kind: GatewayClass"), "{ingress}");
    assert!(ingress.contains("image: \"registry.k8s.io/kube-proxy:v1.34.4\""), "{ingress}");
    assert!(ingress.contains("name: ciliumloadbalancerippools.cilium.io"));
    let gateway =
        rendered("helm.cilium.io/cilium-1.18.0.tgz", &[&common[..], &["gatewayAPI.enabled=true"]].concat());
    assert!(gateway.contains("kind: GatewayClass") && !gateway.contains("kind: IngressClass"));
    let ceph = rendered(
        "ceph.github.io/csi-charts/cephfs/ceph-csi-cephfs-3.15.0.tgz",
        &["provisioner.replicaCount=2"],
    );
    assert!(ceph.contains("replicas: 2") && ceph.contains("name: it-provisioner"), "{ceph}");
}
