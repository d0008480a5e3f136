//! No template breaks the parser or the evaluator: they give a value or an error, in time and without all the memory.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::{path::Path, sync::Arc};

use rustible_mutator::{in_engine_stack, text_inputs};
use rustible_protocol::{Dict, Text, Value, json};
use rustible_template::{Engine, Env, FileOptions, Templar};

const WORDS: &[&str] = &[
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "{{-",
    "-%}",
    "{%+",
    "{{ ",
    " }}",
    "{% ",
    " %}",
    "{% if x %}",
    "{% elif x %}",
    "{% else %}",
    "{% endif %}",
    "{% for i in x %}",
    "{% for a, b in x recursive %}",
    "{% endfor %}",
    "{% set x = ",
    "{% set x %}",
    "{% endset %}",
    "{% macro m(a, b=1, *c) %}",
    "{% endmacro %}",
    "{% call(x) m() %}",
    "{% endcall %}",
    "{% filter upper %}",
    "{% endfilter %}",
    "{% raw %}",
    "{% endraw %}",
    "{% block b %}",
    "{% endblock %}",
    "{% with a=1 %}",
    "{% endwith %}",
    "{% do x %}",
    "{{ m() }}",
    "{{ loop(x) }}",
    "{{ caller() }}",
    "{{ super() }}",
    "loop.index",
    "| ",
    "|d(1)",
    "|map('int')",
    "|list",
    "|join(',')",
    "|to_json",
    "|from_json",
    "|from_yaml",
    "|to_nice_yaml",
    "|int(base=16)",
    "|float",
    "|string",
    "|regex_replace('(', '\\\\9')",
    "|regex_findall('(a*)*b')",
    "|sort(attribute='a.0')",
    "|groupby('a')",
    "|batch(3)",
    "|slice(0)",
    "|round(99)",
    "|center(9)",
    "|indent(9)",
    "|wordwrap(0)",
    "|truncate(1)",
    "|format(1)",
    "|replace('', 'x')",
    "|urlize",
    "|b64decode",
    "|hash('md5')",
    "|strftime",
    "|to_datetime",
    "|human_to_bytes",
    "|combine({}, recursive=true)",
    "|zip_longest",
    "|product",
    "|permutations",
    "|ipaddr",
    "|random(seed=1)",
    "|shuffle",
    "|type_debug",
    "|selectattr('a', 'defined')",
    "|json_query('[*].a')",
    "is defined",
    "is match('(')",
    "is version('1', '>=')",
    "is in",
    "is not",
    " not ",
    " and ",
    " or ",
    " if ",
    " else ",
    " in ",
    "==",
    "<=",
    "**",
    "//",
    "%",
    "~",
    "<<",
    "(",
    ")",
    "[",
    "]",
    "[::-1]",
    "[:",
    "{",
    "}",
    "{1: ",
    ",",
    ":",
    ".",
    "..",
    "'",
    "\"",
    "\\",
    "\\x4",
    "\\N{",
    "\\u12",
    "x",
    "y",
    "z",
    "omit",
    "none",
    "true",
    "range(9)",
    "dict(a=1)",
    "namespace(a=1)",
    "cycler(1)",
    "joiner()",
    "lipsum(1)",
    "now()",
    "undef('x')",
    "x.y.z",
    "x['a']",
    "x[0]",
    ".__class__",
    ".format(",
    ".split()",
    ".join(",
    ".encode()",
    ".items()",
    "'%s%5.3f%%' % ",
    "\"{0[a]!r:>{1}}\".format(1, 2)",
    "#jinja2: trim_blocks: false, lstrip_blocks: true\n",
    "# for x in y\n",
    "## ",
];

fn data(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/template-cases/data").join(name);
    std::fs::read_to_string(path).expect("the cases are there")
}

fn sources() -> Vec<Vec<u8>> {
    let texts: String = ["cases.jsonl", "filters.jsonl", "syntax.jsonl"].map(data).concat();
    let mut all = Vec::new();
    for line in texts.lines() {
        let case = json::read(line).expect("a case");
        let source = case.get("source").and_then(Value::as_str).expect("its source");
        let expression = case.get("kind").and_then(Value::as_str) == Some("expression");
        let text = if expression { format!("{{{{ {source} }}}}") } else { source.to_string() };
        if harmless(&text) {
            all.push(text.into_bytes());
        }
    }
    all
}

/// Whether rendering it neither reads what lies beside nor starts programs, nor is slow on purpose.
fn harmless(text: &str) -> bool {
    let others = ["lookup", "query", "password_hash", "vault", "expanduser", "realpath", "fileglob"];
    let word = |text: &str| text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "q");
    !others.iter().any(|name| text.contains(name)) && !word(text)
}

fn templar() -> Templar {
    let vars = json::read(&data("vars.json")).expect("variables");
    let mut scope: Dict = vars.as_dict().cloned().unwrap_or_default();
    scope.insert("x", Value::from(vec![Value::from(1), Value::from("a"), Value::Null]));
    scope.insert("y", [("a", Value::from(1)), ("b", Value::from(2.5))].into_iter().collect::<Dict>());
    scope.insert("z", Value::Str(Text::trusted("{{ y }}", None)));
    Templar::new(Engine::new(), Env::default(), Arc::new(scope))
}

fn render(templar: &Templar, text: &str) {
    let text = Text::trusted(text, None);
    drop(templar.render_text(&text));
    drop(templar.template_file(&text, &FileOptions::default()));
}

#[test]
fn no_template_breaks_the_engine() {
    let templar = templar();
    text_inputs("template", &sources(), WORDS, |text| {
        if harmless(text) {
            render(&templar, text);
        } else {
            std::hint::black_box(templar.is_template(&Text::trusted(text, None)));
        }
    });
}

#[test]
fn no_condition_breaks_the_engine() {
    let templar = templar();
    text_inputs("condition", &sources(), WORDS, |text| {
        let text = text.replace("{{", "").replace("}}", "");
        if harmless(&text) {
            drop(templar.condition(&Value::Str(Text::trusted(text.as_str(), None))));
            drop(templar.expression(&Text::trusted(text.as_str(), None)));
        }
    });
}

/// What stands around a form, before each level, in the middle, behind each level, and at the end.
const NESTED: &[(&str, &str, &str, &str, &str)] = &[
    ("{{ ", "(", "1", ")", " }}"),
    ("{{ ", "[", "", "]", " }}"),
    ("{{ ", "{1: ", "1", "}", " }}"),
    ("{{ ", "not ", "1", "", " }}"),
    ("{{ ", "-", "1", "", " }}"),
    ("{{ ", "", "1", " + 1", " }}"),
    ("{{ ", "", "'a'", " ~ 'a'", " }}"),
    ("{{ ", "", "1", " and 1", " }}"),
    ("{{ ", "2 ** ", "1", "", " }}"),
    ("{{ ", "", "1", " if 1 else 1", " }}"),
    ("{{ ", "1 if 0 else ", "1", "", " }}"),
    ("{{ ", "", "1", " < 2", " }}"),
    ("{{ ", "", "y", ".a", " }}"),
    ("{{ ", "", "x", "[0]", " }}"),
    ("{{ ", "", "x", "()", " }}"),
    ("{{ ", "", "1", "|string", " }}"),
    ("{{ ", "", "1", " is defined", " }}"),
    ("{{ ", "range(", "1", ")", " }}"),
    ("", "{% if 1 %}", "1", "{% endif %}", ""),
    ("", "{% for i in [1] %}", "1", "{% endfor %}", ""),
    ("", "{% filter upper %}", "1", "{% endfilter %}", ""),
    ("", "{% set a %}", "1", "{% endset %}", ""),
    ("", "{% macro a() %}", "1", "{% endmacro %}", ""),
    ("", "{% with %}", "1", "{% endwith %}", ""),
    ("{% if 0 %}", "", "", "{% elif 0 %}", "{% endif %}"),
    ("{{ '", "[", "", "]", "' | from_json }}"),
    ("{{ '", "[", "", "]", "' | from_yaml }}"),
    ("{{ 'a' | regex_replace('", "(", "a", ")", "', 'b') }}"),
    ("{{ \"", "{", "", "}", "\".format(1) }}"),
];

#[test]
fn what_is_nested_deeply_is_an_error_or_rendered() {
    let templar = templar();
    in_engine_stack(|| {
        for (begin, open, inner, close, end) in NESTED {
            for depth in [50, 500, 5000, 4000] {
                render(
                    &templar,
                    &format!("{begin}{}{inner}{}{end}", open.repeat(depth), close.repeat(depth)),
                );
                render(&templar, &format!("{begin}{}", open.repeat(depth)));
            }
        }
    });
}

/// What has no end, or one that no memory reaches.
const ENDLESS: &[&str] = &[
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% macro m(n) %}{{ m(n + 1) }}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}",
    "{% for i in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}",
    "{{ 'x' * 9223372036854775807 }}",
    "{{ 'x' * 99999999999999 }}",
    "{{ [1] * 9223372036854775807 }}",
    "{{ 'x' | center(9223372036854775807) }}",
    "{{ '%9999999999999s' % 1 }}",
    "{{ '{:99999999999999}'.format(1) }}",
    "{{ 'x'.ljust(99999999999999) }}",
    "{{ 'a\\nb' | indent(99999999999999) }}",
    "{{ 9 ** 9 ** 9 ** 9 }}",
    "{{ [1, 2] |permutations|permutations|permutations|permutations|permutations|permutations|permutations|permutations\
     |permutations|permutations|permutations|permutations|permutations|permutations|permutations|permutations|permutations\
     |permutations|permutations|permutations|permutations|permutations|permutations|permutations|permutations }}",
    "{{ {} | tojson(indent=9223372036854775807) }}",
    "{{ 7 ** 99999999999 }}",
    "{{ range(99999999999999) | list }}",
    "{{ [1, 2, 3] | batch(99999999999999, 'x') | list }}",
    "{{ [1, 2, 3] | slice(99999999999999) | list }}",
    "{{ {'a': 1} | to_nice_json(indent=99999999999) }}",
    "{{ lipsum(n=99999999) }}",
    "{{ (range(99999) | list) | product(range(99999)) | list | length }}",
    "{{ range(60) | list | permutations | list | length }}",
    "{{ 'ABCDEF' | permutations | permutations | list | length }}",
    "{{ '%Y' | strftime(1e309) }}",
    "{{ range(60) | list | combinations(30) | list | length }}",
];

#[test]
fn what_grows_without_end_is_an_error() {
    let templar = templar();
    in_engine_stack(|| ENDLESS.iter().for_each(|text| render(&templar, text)));
}
