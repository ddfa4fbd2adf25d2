//! What programs read, against the schemas that describe it: the official one of SARIF, and hardline's own.
//!
//! The validator knows exactly the keywords that these schemas use and fails on any other, so that nothing in them is
//! passed over in silence.

use std::process::Command;

use serde_json::Value;

struct Schema {
    root: Value,
}

/// Says nothing about what is valid.
const SILENT: [&str; 10] =
    ["$schema", "$id", "id", "title", "description", "default", "definitions", "$defs", "format", "required"];

impl Schema {
    fn new(text: &str) -> Schema {
        Schema { root: serde_json::from_str(text).unwrap() }
    }

    /// Everything in a document that is not as the schema says.
    fn problems(&self, document: &Value) -> Vec<String> {
        let mut problems = Vec::new();
        self.check(&self.root, document, "", &mut problems);
        problems
    }

    fn accepts(&self, schema: &Value, value: &Value) -> bool {
        let mut problems = Vec::new();
        self.check(schema, value, "", &mut problems);
        problems.is_empty()
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, problems: &mut Vec<String>) {
        let schema = schema.as_object().unwrap_or_else(|| panic!("{at}: no schema: {schema}"));
        let number = |wanted: &Value| (value.as_f64(), wanted.as_f64().unwrap());
        let items = || value.as_array().into_iter().flatten();
        let list = |wanted: &Value| wanted.as_array().unwrap().clone();
        for (keyword, wanted) in schema {
            let fine = match keyword.as_str() {
                "$ref" => {
                    let target = self.root.pointer(wanted.as_str().unwrap().strip_prefix('#').unwrap()).unwrap();
                    self.check(target, value, at, problems);
                    true
                }
                "type" => match wanted {
                    Value::Array(types) => types.iter().any(|wanted| is(value, wanted)),
                    one => is(value, one),
                },
                "enum" => list(wanted).contains(value),
                "const" => wanted == value,
                "minimum" => matches!(number(wanted), (Some(is), least) if is >= least) || value.as_f64().is_none(),
                "maximum" => matches!(number(wanted), (Some(is), most) if is <= most) || value.as_f64().is_none(),
                "pattern" => value
                    .as_str()
                    .is_none_or(|text| regex::Regex::new(wanted.as_str().unwrap()).unwrap().is_match(text)),
                "minItems" => !value.is_array() || items().count() as u64 >= wanted.as_u64().unwrap(),
                "uniqueItems" => {
                    let mut seen: Vec<String> = items().map(ToString::to_string).collect();
                    seen.sort();
                    *wanted == Value::Bool(false) || seen.windows(2).all(|pair| pair[0] != pair[1])
                }
                "items" => {
                    for (index, item) in items().enumerate() {
                        self.check(wanted, item, &format!("{at}/{index}"), problems);
                    }
                    true
                }
                "allOf" => list(wanted).iter().all(|schema| self.accepts(schema, value)),
                "anyOf" => list(wanted).iter().any(|schema| self.accepts(schema, value)),
                "oneOf" => list(wanted).iter().filter(|schema| self.accepts(schema, value)).count() == 1,
                "properties" | "additionalProperties" => true,
                known if SILENT.contains(&known) => true,
                other => panic!("{at}: the validator does not know `{other}`"),
            };
            if !fine {
                problems.push(format!("{at}: {value} is not {keyword} {wanted}"));
            }
        }
        self.fields(schema, value, at, problems);
    }

    fn fields(&self, schema: &serde_json::Map<String, Value>, value: &Value, at: &str, problems: &mut Vec<String>) {
        let Some(fields) = value.as_object() else { return };
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
            if !fields.contains_key(name.as_str().unwrap()) {
                problems.push(format!("{at}: {name} is missing"));
            }
        }
        let known = schema.get("properties").and_then(Value::as_object);
        for (name, field) in fields {
            let inner = format!("{at}/{name}");
            match (known.and_then(|known| known.get(name)), schema.get("additionalProperties")) {
                (Some(schema), _) | (None, Some(schema @ Value::Object(_))) => {
                    self.check(schema, field, &inner, problems);
                }
                (None, Some(Value::Bool(false))) => problems.push(format!("{inner}: no such property")),
                (None, _) => {}
            }
        }
    }
}

fn is(value: &Value, wanted: &Value) -> bool {
    match wanted.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("no type: {other}"),
    }
}

/// What hardline writes about a folder of the repository.
fn report(folder: &str, format: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_hardline"))
        .args(["check", folder, "--quiet", "--format", format])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{folder}: {error}: {output:?}"))
}

/// What hardline writes about two environments.
fn drift(format: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_hardline"))
        .args(["drift", "staging", "production", "--quiet", "--format", format])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/environments"))
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn the_json_of_drift_is_as_its_schema_says() {
    let output = Command::new(env!("CARGO_BIN_EXE_hardline")).args(["schema", "drift"]).output().unwrap();
    let schema = Schema::new(std::str::from_utf8(&output.stdout).unwrap());
    let mut document = drift("json");
    assert_eq!(schema.problems(&document), Vec::<String>::new());
    document["differences"][0]["weaker"] = "maybe".into();
    document["tally"].as_object_mut().unwrap().remove("allowed");
    assert_eq!(schema.problems(&document).len(), 2);
}

fn stored(name: &str) -> Value {
    let path = format!("{}/tests/formats/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

const FOLDERS: [&str; 3] = ["examples", "tests/cli/shop", "tests/cli/watch"];

#[test]
fn sarif_is_as_its_official_schema_says() {
    let schema = Schema::new(include_str!("formats/schema/sarif-2.1.0.json"));
    let mut documents = vec![("the report with one of everything", stored("report.sarif"))];
    documents.extend(FOLDERS.iter().map(|folder| (*folder, report(folder, "sarif"))));
    documents.push(("drift", drift("sarif")));
    for (name, document) in &documents {
        assert_eq!(schema.problems(document), Vec::<String>::new(), "{name}");
        sound(&document["runs"][0], name);
    }
    // The validator does refuse what is wrong.
    let document = &mut documents[0].1;
    document["runs"][0]["results"][0]["level"] = "fatal".into();
    document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0.into();
    document["runs"][0]["tool"]["driver"]["colour"] = "red".into();
    assert_eq!(schema.problems(document).len(), 3);
}

/// What the text of the specification asks for and its schema cannot say.
fn sound(run: &Value, name: &str) {
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert!(!results.is_empty(), "{name}: nothing was found, so nothing is proven");
    for result in results {
        if let Some(index) = result["ruleIndex"].as_u64() {
            assert_eq!(rules[usize::try_from(index).unwrap()]["id"], result["ruleId"], "{name}");
        }
        assert!(result["kind"] == "fail" || result["level"] == "none", "{name}: {result}");
        let place = &result["locations"][0]["physicalLocation"]["artifactLocation"];
        let uri = place["uri"].as_str().unwrap();
        assert!(uri.is_ascii() && !uri.contains([' ', '\\']), "{name}: {uri}");
        assert_eq!(place.get("uriBaseId").is_none(), uri.starts_with("file:///"), "{name}: {uri}");
    }
}

#[test]
fn the_json_report_is_as_its_schema_says() {
    let output = Command::new(env!("CARGO_BIN_EXE_hardline")).args(["schema", "report"]).output().unwrap();
    let schema = Schema::new(std::str::from_utf8(&output.stdout).unwrap());
    let mut documents = vec![("the report with one of everything", stored("report.json"))];
    documents.extend(FOLDERS.iter().map(|folder| (*folder, report(folder, "json"))));
    for (name, document) in &documents {
        assert_eq!(schema.problems(document), Vec::<String>::new(), "{name}");
    }
    // A schema that leaves out what is written would be of no use, and one that nothing fails of none either.
    let document = &mut documents[0].1;
    document["findings"][0]["severity"] = "awful".into();
    document["tally"].as_object_mut().unwrap().remove("fail");
    assert_eq!(schema.problems(document).len(), 2);
    let known = schema.root.to_string();
    for list in ["findings", "unknown", "bypassed", "broken", "subjects", "notices"] {
        for key in documents[0].1[list][0].as_object().unwrap().keys() {
            assert!(known.contains(&format!("\"{key}\":")), "the schema does not describe `{key}` of {list}");
        }
    }
}
