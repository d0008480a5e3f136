//! Vaults that `ansible-vault` made (with fixed salts) are opened, and made again byte for byte.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use rustible_vault::{Secret, Secrets, VaultError, is_encrypted};

fn vault(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn secrets(list: &[(&str, &str)]) -> Secrets {
    let mut secrets = Secrets::new();
    list.iter().for_each(|(id, password)| secrets.add(Secret::new(*id, *password)));
    secrets
}

#[test]
fn vaults_of_the_reference_open_and_are_made_the_same() {
    let zeros = vec![0; 5000];
    let cases = [
        ("v11", "pw1", None, "mysalt", b"hello: world\n".as_slice()),
        ("v12", "pw2", Some("dev"), "mysalt", b"hello: world\n"),
        ("vempty", "pw1", None, "s2", b""),
        ("vzeros", "pw1", None, "s3", &zeros),
    ];
    for (name, password, id, salt, plain) in cases {
        let sealed = vault(name);
        assert!(is_encrypted(&sealed));
        let opened = secrets(&[("other", "wrong"), ("default", password)]).decrypt(&sealed).unwrap();
        assert_eq!(opened, plain, "{name}");
        let again = Secret::new("default", password).encrypt_with_salt(plain, id, salt.as_bytes()).unwrap();
        assert_eq!(String::from_utf8_lossy(&again), String::from_utf8_lossy(&sealed), "{name}");
    }
}

#[test]
fn the_secret_that_the_vault_names_is_tried_first_and_alone_where_that_is_asked() {
    let all = secrets(&[("default", "pw2"), ("dev", "pw2")]);
    let (_, used) = all.decrypt_with(&vault("v12")).unwrap();
    assert_eq!(used.id(), "dev");
    let strangers = secrets(&[("prod", "pw2")]);
    assert!(strangers.decrypt(&vault("v12")).is_ok());
    assert_eq!(strangers.only_matching(true).decrypt(&vault("v12")), Err(VaultError::WrongSecret));
}

#[test]
fn errors_say_what_the_reference_says() {
    let some = secrets(&[("dev", "pw1")]);
    let says = |data: &[u8]| some.decrypt(data).unwrap_err().to_string();
    assert_eq!(says(&vault("v12")), "Decryption failed (no vault secrets were found that could decrypt).");
    assert_eq!(says(b"plain"), "Input is not vault encrypted data.");
    assert_eq!(says(b"$ANSIBLE_VAULT;1.1\n00"), "Vault envelope format error.");
    assert_eq!(says(b"$ANSIBLE_VAULT;1.1;AES\n00"), "Cipher 'AES' could not be found.");
    assert_eq!(
        says(b"$ANSIBLE_VAULT;1.1;AES256\nxx"),
        "Vault format unhexlify error: Non-hexadecimal digit found"
    );
    assert_eq!(says(b"$ANSIBLE_VAULT;1.1;AES256\n00"), "Vault vaulttext format error.");
    let unknown = some.for_encryption(Some("foo")).unwrap_err().to_string();
    assert_eq!(unknown, "Did not find a match for --encrypt-vault-id=foo in the known vault-ids ['dev']");
    assert_eq!(Secrets::new().decrypt(&vault("v11")), Err(VaultError::NoSecrets));
}

#[test]
fn a_rekeyed_vault_opens_with_the_new_secret_alone() {
    let new = Secret::new("new", "pw3");
    let rekeyed = secrets(&[("default", "pw1")]).rekey(&vault("v11"), &new, Some("new")).unwrap();
    assert!(rekeyed.starts_with(b"$ANSIBLE_VAULT;1.2;AES256;new\n"));
    assert_eq!(secrets(&[("new", "pw3")]).decrypt(&rekeyed).unwrap(), b"hello: world\n");
    assert!(secrets(&[("default", "pw1")]).decrypt(&rekeyed).is_err());
    assert!(new.encrypt(&rekeyed, None).is_err(), "a vault is not encrypted twice");
}

#[test]
fn a_damaged_vault_is_an_error_whatever_is_damaged() {
    let sealed = vault("v11");
    let some = secrets(&[("default", "pw1")]);
    for at in 26..sealed.len() {
        let mut damaged = sealed.clone();
        damaged[at] ^= 1;
        if damaged[at] != b'\n' && sealed[at] != b'\n' {
            assert!(some.decrypt(&damaged).is_err(), "byte {at}");
        }
    }
}
