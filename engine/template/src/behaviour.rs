//! What the crate promises as a whole, seen from its door.

use std::sync::Arc;

use rustible_protocol::{Dict, Origin, Text, Value};

use crate::{Decrypt, Engine, Env, FileOptions, HostVars, Rendered, Scope, Templar, check_names};

struct Hosts;
impl HostVars for Hosts {
    fn hosts(&self) -> Vec<Text> {
        vec!["a".into(), "b".into()]
    }
    fn host(&self, name: &str) -> Option<Arc<dyn Scope>> {
        let mut vars = Dict::new();
        vars.insert("who", name);
        vars.insert("greeting", Text::trusted("I am {{ who }}", None));
        ["a", "b"].contains(&name).then(|| Arc::new(vars) as Arc<dyn Scope>)
    }
}

struct Play(Dict);
impl Scope for Play {
    fn get(&self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }
    fn names(&self) -> Vec<Text> {
        self.0.texts().map(|(k, _)| k.clone()).collect()
    }
    fn hostvars(&self) -> Option<Arc<dyn HostVars>> {
        Some(Arc::new(Hosts))
    }
}

struct Vault;
impl Decrypt for Vault {
    fn decrypt(&self, _: &str) -> Result<String, String> {
        Ok("hunter2".into())
    }
}

fn text(source: &str) -> Text {
    Text::trusted(source, None)
}

fn templar() -> Templar {
    let mut vars = Dict::new();
    vars.insert("name", text("web01"));
    vars.insert("n", 5);
    vars.insert("outer", text("{{ inner }}!"));
    vars.insert("inner", text("<{{ name }}>"));
    vars.insert("loop_a", text("{{ loop_b }}"));
    vars.insert("loop_b", text("{{ loop_a }}"));
    vars.insert("fact", Value::str("{{ name }}"));
    vars.insert("cond", text("n == 5"));
    let file: Arc<str> = "vars.yml".into();
    vars.insert("broken", Text::trusted("{{ nope }}", Some(Origin::new(&file, 7, 3))));
    vars.insert("password", Value::Vaulted(Text::untrusted("$ANSIBLE_VAULT;1.1;AES256")));
    let env = Env { vault: Some(Arc::new(Vault)), ..Env::default() };
    Templar::new(Engine::new(), env, Arc::new(Play(vars)))
}

fn rendered(source: &str) -> Value {
    templar().render_text(&text(source)).unwrap().value().unwrap()
}

fn message(source: &str) -> String {
    templar().render_text(&text(source)).unwrap_err().summary()
}

#[test]
fn nested_variables_are_rendered_when_they_are_touched() {
    assert_eq!(rendered("{{ outer }}"), Value::from("<web01>!"));
    assert_eq!(rendered("{{ n }}"), Value::Int(5));
    assert_eq!(rendered("{{ n }}{{ n }}"), Value::from("55"));
}

#[test]
fn a_loop_of_variables_is_an_error_and_not_a_crash() {
    let error = message("{{ loop_a }}");
    assert!(error.contains("Recursive loop detected in template"), "{error}");
    assert!(message("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}").contains("recursion"));
}

#[test]
fn a_long_chain_of_variables_is_no_loop() {
    let mut vars = Dict::new();
    for i in 0..50 {
        vars.insert(format!("v{i}"), text(&format!("{{{{ [v{} | default(0)] | first }}}}", i + 1)));
    }
    let value = templar().with_vars(vars).render_text(&text("{{ v0 }}"));
    assert_eq!(value.unwrap().value().unwrap(), Value::Int(0));
}

#[test]
fn what_comes_from_outside_is_never_templated() {
    assert_eq!(rendered("{{ fact }}"), Value::from("{{ name }}"));
    assert_eq!(rendered("{{ lookup('vars', 'fact') }}"), Value::from("{{ name }}"));
    let result = rendered("{{ '{{ na' ~ 'me }}' }}");
    assert!(!result.as_text().unwrap().may_be_template());
}

#[test]
fn an_undefined_value_knows_where_it_was_written() {
    let error = templar().render_text(&text("{{ broken }}")).unwrap_err();
    assert_eq!(error.message, "'nope' is undefined");
    assert_eq!(error.origin.unwrap().to_string(), "vars.yml:7:3");
    assert_eq!(rendered("{{ broken.a.b | default('d') }}"), Value::from("d"));
}

#[test]
fn secrets_stay_secret_through_everything_made_of_them() {
    for source in [
        "{{ password }}",
        "x{{ password }}",
        "{{ password | b64encode }}",
        "{{ password ~ 'x' }}",
        "{{ {'a': [password]} | to_json }}",
        "{{ '%s-%s' % (password, 1) }}",
        "{{ '{}'.format(password) }}",
        "{{ password[1:] }}",
        "{{ [password] ~ '' }}",
        "{{ [password, 'a'] | join(',') }}",
        "{% set p = password %}{{ p | upper }}",
    ] {
        let value = rendered(source);
        assert!(value.as_text().unwrap().is_secret(), "{source}");
    }
    assert!(!rendered("{{ name }}").as_text().unwrap().is_secret());
    let mut data = Dict::new();
    data.insert("all", Value::from(vec![Value::Vaulted(Text::untrusted("$ANSIBLE_VAULT;1.1;AES256"))]));
    let value = templar().with_vars(data).render_text(&text("{{ all | to_json }}")).unwrap().value().unwrap();
    assert!(value.as_text().unwrap().is_secret());
}

#[test]
fn conditions_must_be_booleans() {
    let templar = templar();
    let holds = |source: &str| templar.condition(&text(source).into());
    assert!(holds("n == 5").unwrap());
    assert!(holds("{{ n == 5 }}").unwrap());
    assert!(holds("{{ cond }}").unwrap());
    assert!(holds("'{{ name }}' == 'web01'").unwrap());
    assert!(!holds("nope is defined").unwrap());
    assert!(templar.condition(&Value::Bool(true)).unwrap());
    assert!(
        holds("name")
            .unwrap_err()
            .message
            .starts_with("Conditional result (True) was derived from value of type 'str'")
    );
    assert_eq!(
        holds("nope").unwrap_err().summary(),
        "Error while evaluating conditional: 'nope' is undefined"
    );
    assert!(holds("").unwrap_err().message.contains("Empty conditional"));
    assert!(templar.condition(&Value::str("n == 5")).unwrap_err().message.contains("untrusted"));
}

#[test]
fn what_is_omitted_leaves_its_container() {
    let mut args = Dict::new();
    args.insert("a", text("{{ nope | default(omit) }}"));
    args.insert("b", text("{{ [1, omit] }}"));
    let value = templar().render(&args.into()).unwrap().value().unwrap();
    assert_eq!(format!("{value:?}"), "{\"b\": [1]}");
    assert_eq!(templar().render_text(&text("{{ omit }}")).unwrap(), Rendered::Omit);
}

#[test]
fn each_host_sees_its_own_variables() {
    assert_eq!(rendered("{{ hostvars['b'].greeting }}"), Value::from("I am b"));
    assert_eq!(rendered("{{ hostvars | list }}"), Value::from(vec![Value::from("a"), Value::from("b")]));
    assert_eq!(rendered("{{ hostvars['zz'].x | default('none') }}"), Value::from("none"));
}

#[test]
fn a_templar_can_be_used_from_any_thread() {
    fn shared<T: Send + Sync>() {}
    shared::<Templar>();
    shared::<Engine>();
    shared::<Env>();
}

#[test]
fn changes_in_place_are_seen_in_the_same_template() {
    let mut vars = Dict::new();
    let mut inner = Dict::new();
    inner.insert("l", Value::from(vec![Value::Int(1)]));
    vars.insert("d", inner);
    let templar = templar().with_vars(vars);
    let source = text("{% set _ = d.l.append(2) %}{{ d.l }}");
    assert_eq!(
        templar.render_text(&source).unwrap().value().unwrap(),
        Value::from(vec![Value::Int(1), Value::Int(2)])
    );
    // The variable itself is as it was.
    assert_eq!(
        templar.render_text(&text("{{ d.l }}")).unwrap().value().unwrap(),
        Value::from(vec![Value::Int(1)])
    );
}

#[test]
fn a_template_file_keeps_its_newlines_and_its_backslashes_mean_escapes() {
    let out =
        templar().template_file(&text("{% if n %}\na{{ '\\t' }}b\n{% endif %}\n"), &FileOptions::default());
    assert_eq!(out.unwrap(), "a\tb\n");
    assert_eq!(rendered("{{ 'a\\tb' }}"), Value::from("a\\tb"));
}

#[test]
fn names_that_nobody_has_are_found_before_anything_runs() {
    let engine = Engine::new();
    let found = check_names(
        &engine,
        &text("{{ a | zork | upper }}{{ lookup('nah') }}{{ b is ansible.builtin.defined }}"),
        false,
    );
    let names: Vec<(&str, &str)> = found.iter().map(|u| (u.kind, u.name.as_str())).collect();
    assert_eq!(names, [("filter", "zork"), ("lookup", "nah")]);
    assert_eq!(found[0].position, (1, 8));
}

#[test]
fn a_tuple_is_one_in_text_until_the_template_prints_it() {
    assert_eq!(rendered("{{ (1, 2) | string }}"), Value::from("(1, 2)"));
    assert_eq!(rendered("{{ (1,) ~ '' }}"), Value::from("(1,)"));
    assert_eq!(rendered("x{{ (1, 2) }}"), Value::from("x[1, 2]"));
}

#[test]
fn marks_and_failures_can_be_looked_at() {
    assert_eq!(
        rendered("{{ name | ansible._protomatter.tag_names }}"),
        vec![Value::from("TrustedAsTemplate")].into()
    );
    assert_eq!(rendered("{{ 'x' is ansible._protomatter.tagged }}"), Value::Bool(false));
    assert!(message("{{ 'x' is ansible._protomatter.tagged_with('Y') }}").contains("Unknown tag name 'Y'."));
    let dumped = rendered("{{ ('{' | from_json | ansible._protomatter.dump_object).exception.message }}");
    assert!(dumped.as_str().unwrap().starts_with("The filter plugin 'ansible.builtin.from_json' failed"));
}

#[test]
fn what_was_encrypted_can_be_written_encrypted() {
    let kept = rendered("{{ {'p': password} | to_yaml(vault_behavior='keep_encrypted') }}");
    assert_eq!(kept, Value::from("p: !vault |-\n  $ANSIBLE_VAULT;1.1;AES256\n"));
    assert_eq!(rendered("{{ password | to_yaml(vault_behavior='redact') }}"), Value::from("<redacted>\n"));
    assert!(
        message("{{ password | to_yaml(vault_behavior='fail') }}")
            .contains("Attempted to dump a vaulted value")
    );
}

#[test]
fn a_plus_in_front_of_a_number_is_its_sign() {
    assert_eq!(rendered("{{ [+1, 1 + +2] }}"), vec![Value::Int(1), Value::Int(3)].into());
    assert!(message("{{ + }}").contains("Syntax error"));
}

#[test]
fn a_condition_that_is_no_boolean_counts_where_that_is_allowed() {
    let strict = templar();
    let lenient = strict.with_env(Env { broken_conditionals: true, ..strict.env().clone() });
    for (source, truth) in [("n", true), ("''", false), ("", true), ("{{ n }}", true)] {
        let condition = Value::Str(text(source));
        assert!(strict.condition(&condition).is_err(), "{source}");
        assert_eq!(lenient.condition(&condition).unwrap(), truth, "{source}");
    }
}

#[test]
fn the_contents_of_a_container_stay_as_they_were_written() {
    let kept = Value::from(vec![Value::Str(text("{{ n }}"))]);
    let mut vars = Dict::new();
    vars.insert("list", kept.clone());
    let templar = templar().with_vars(vars);
    assert_eq!(templar.container(&text("{{ list }}")).unwrap().value().unwrap(), kept);
    let made = templar.container(&text("{{ list + [1] }}")).unwrap().value().unwrap();
    assert_eq!(made, vec![Value::Int(5), Value::Int(1)].into());
}

#[test]
fn the_use_of_a_value_that_goes_away_is_told_where_it_is_used() {
    let note = Value::from([("msg", "gone"), ("version", "9")].into_iter().collect::<Dict>());
    let inner: Dict =
        [("old", Value::str("v").with_deprecated(note)), ("new", Value::Int(1))].into_iter().collect();
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let sink = told.clone();
    let deprecate = move |said: &crate::Deprecation| sink.lock().unwrap().push(said.render());
    let templar = templar().with_vars([("r", inner)].into_iter().collect());
    let templar = templar.with_env(Env { deprecate: Some(Arc::new(deprecate)), ..templar.env().clone() });
    for (source, times) in [("{{ r.new }}", 0), ("{{ r.old ~ 1 }}", 1), ("{{ r }}", 1)] {
        templar.render_text(&text(source)).unwrap();
        let said = std::mem::take(&mut *told.lock().unwrap());
        assert_eq!(said.len(), times, "{source}: {said:?}");
        assert!(said.iter().all(|said| said.starts_with("gone. This feature will be removed in the future")));
    }
}
