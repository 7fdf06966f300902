//! What is written is what `docs/results.schema.json` publishes.

use serde_json::{Value, json};
use socklab_compare::Document;

fn schema() -> Value {
    let text = include_str!("../../../../docs/results.schema.json");
    serde_json::from_str(text).expect("JSON")
}

fn document() -> Value {
    serde_json::to_value(super::recorded()).expect("JSON")
}

/// Where a value does not satisfy a schema; nothing if it does. What JSON Schema (2020-12) has and
/// the file does not use is refused, so that nothing goes unchecked.
fn wrong(root: &Value, schema: &Value, value: &Value, path: &str) -> Result<(), String> {
    let fail = |why: &str| Err(format!("{path}: {why}: {value}"));
    let at = |part: &str| format!("{path}/{part}");
    for (keyword, rule) in schema.as_object().expect("a schema") {
        match keyword.as_str() {
            "$ref" => {
                let pointer = rule.as_str().expect("a reference").trim_start_matches('#');
                let found = root.pointer(pointer).expect("a definition");
                wrong(root, found, value, path)?;
            }
            "type" => {
                let holds = match rule.as_str().expect("a type") {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "null" => value.is_null(),
                    "number" => value.is_number(),
                    "integer" => value.is_u64() || value.is_i64(),
                    other => panic!("{other} is not known here"),
                };
                if !holds {
                    return fail(&format!("not of type {rule}"));
                }
            }
            "const" if rule != value => return fail("another value"),
            "enum" if !rule.as_array().expect("values").contains(value) => {
                return fail("none of the values");
            }
            "$schema" | "$defs" | "title" | "description" | "const" | "enum" => {}
            "minimum" => {
                let least = rule.as_f64().expect("a number");
                if value.as_f64().is_some_and(|one| one < least) {
                    return fail("below the minimum");
                }
            }
            "minItems" => {
                let least = rule.as_u64().expect("a number") as usize;
                if value.as_array().is_some_and(|all| all.len() < least) {
                    return fail("too few items");
                }
            }
            "anyOf" | "oneOf" => {
                let rules = rule.as_array().expect("schemas").iter();
                let held = rules
                    .filter(|one| wrong(root, one, value, path).is_ok())
                    .count();
                if held == 0 || (keyword == "oneOf" && held > 1) {
                    return fail(&format!("{held} of the alternatives hold"));
                }
            }
            "prefixItems" => {
                let rules = rule.as_array().expect("schemas");
                for (n, (rule, item)) in rules
                    .iter()
                    .zip(value.as_array().into_iter().flatten())
                    .enumerate()
                {
                    wrong(root, rule, item, &at(&n.to_string()))?;
                }
            }
            "items" => {
                let prefix = schema["prefixItems"].as_array().map_or(0, Vec::len);
                for (n, item) in value
                    .as_array()
                    .into_iter()
                    .flatten()
                    .enumerate()
                    .skip(prefix)
                {
                    if rule == &json!(false) {
                        return fail("too many items");
                    }
                    wrong(root, rule, item, &at(&n.to_string()))?;
                }
            }
            "properties" => {
                for (name, rule) in rule.as_object().expect("properties") {
                    if let Some(value) = value.get(name) {
                        wrong(root, rule, value, &at(name))?;
                    }
                }
            }
            "required" => {
                for name in rule.as_array().expect("names") {
                    if value.get(name.as_str().expect("a name")).is_none() {
                        return fail(&format!("{name} is missing"));
                    }
                }
            }
            "propertyNames" => {
                for name in value.as_object().into_iter().flat_map(|all| all.keys()) {
                    wrong(root, rule, &json!(name), &at(name))?;
                }
            }
            "additionalProperties" => {
                let known = &schema["properties"];
                for (name, value) in value.as_object().into_iter().flatten() {
                    if known.get(name).is_none() {
                        if rule == &json!(false) {
                            return fail(&format!("{name} is not known"));
                        }
                        wrong(root, rule, value, &at(name))?;
                    }
                }
            }
            other => panic!("{other} is not known here"),
        }
    }
    Ok(())
}

fn check(value: &Value) -> Result<(), String> {
    let schema = schema();
    wrong(&schema, &schema, value, "")
}

#[test]
fn the_recorded_document_satisfies_it() {
    check(&document()).expect("valid");
}

#[test]
fn so_does_one_with_all_that_may_be_missing_or_there() {
    use socklab_compare::results::{Invalid, Knee};
    let mut results = super::recorded().results;
    results.proofs[0].same = false;
    results.proofs[0].difference = Some(("one".to_owned(), "another".to_owned()));
    let (model, steps) = (results.models[0].clone(), vec![(10.0, 9.9, 120.0)]);
    let unknown = Some(Invalid::LateSchedule);
    for (rate, above, unknown) in [(None, None, unknown), (Some(10.0), Some(10.1), None)] {
        let (model, steps) = (model.clone(), steps.clone());
        results.knees.push(Knee {
            model,
            connections: 10,
            limit: 1000.0,
            rate,
            above,
            unknown,
            steps,
        });
    }
    for trial in results.trials.iter_mut().filter(|one| one.load == 1) {
        trial.intervals = vec![400, 401, 402, 403, 800, 801, 802, 803];
    }
    for trial in results.trials.iter_mut().filter(|one| one.load == 0) {
        trial.server = None;
        trial.invalid.push(Invalid::ServerGone);
    }
    let document = serde_json::to_value(Document::new(results)).expect("JSON");
    check(&document).expect("valid");
    let none: Document = serde_json::from_value(document).expect("the same again");
    assert!(none.summary.cells.iter().any(|cell| cell.rate.is_none()));
    assert!(none.summary.cells.iter().any(|cell| cell.modes.is_some()));
}

#[test]
fn what_is_wrong_does_not_satisfy_it() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 9] = [
        ("/results/schema", |all| all["results"]["schema"] = json!(2)),
        ("results", |all| {
            drop(all.as_object_mut().expect("an object").remove("results"));
        }),
        ("/results/exercise", |all| {
            all["results"]["exercise"] = json!("chat");
        }),
        ("/results/loads/0", |all| {
            all["results"]["loads"][0] = json!({"closed": {}});
        }),
        ("/results/trials/0", |all| {
            all["results"]["trials"][0]["more"] = json!(1);
        }),
        ("/results/trials/0/replies", |all| {
            all["results"]["trials"][0]["replies"] = json!(1.5);
        }),
        ("/results/trials/0/invalid/0", |all| {
            all["results"]["trials"][0]["invalid"] = json!(["tired"]);
        }),
        ("/results/trials/0/response/buckets/0", |all| {
            all["results"]["trials"][0]["response"]["buckets"][0] = json!([1.0, 2, 3]);
        }),
        ("/summary/cells/0/rate", |all| {
            all["summary"]["cells"][0]["rate"] = json!("fast");
        }),
    ];
    for (place, change) in changes {
        let mut document = document();
        change(&mut document);
        let error = check(&document).expect_err(place);
        assert!(error.contains(place), "{place}: {error}");
    }
}
